"""What keeps PostgreSQL available on the nodes: a room for each stack."""
