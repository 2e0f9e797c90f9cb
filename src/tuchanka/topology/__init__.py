"""From a TOML file to a frozen, cross-checked Topology, and the lint of it. Pure but for reading the file."""
