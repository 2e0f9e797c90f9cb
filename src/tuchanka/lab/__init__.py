"""The state folder of a lab: lock, secrets, keys, which topology it was built from."""
