"""From a TOML file to a frozen, cross-checked Topology. Pure but for reading the file."""
