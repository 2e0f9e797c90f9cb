"""PostgreSQL itself, without a cluster around it: its programs, its data directory, its log, its configuration."""
