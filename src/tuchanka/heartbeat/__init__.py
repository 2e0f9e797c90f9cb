"""Writer, readers and role probes at 10 Hz, in a process inside the lab's network."""
