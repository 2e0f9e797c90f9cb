"""Trials, and the pure functions of the history that judge them."""
