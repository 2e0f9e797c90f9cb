"""Trials: planned, run, and kept in a history."""
