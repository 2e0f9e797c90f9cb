"""Faults of a whole machine that stops in the middle of what it does, and goes on as if nothing had been."""
