"""Faults: pure descriptions, applied and healed over the machines' capabilities."""
