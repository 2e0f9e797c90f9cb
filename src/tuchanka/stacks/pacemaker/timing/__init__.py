"""Derives every timeout from a profile, states the rules, predicts reactions. Pure."""
