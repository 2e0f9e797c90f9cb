"""Machines as systemd-nspawn containers in a network namespace of the lab's own."""
