"""From the topology to every file of every node and the pcs scripts. Pure: no I/O."""
