"""Live views on a terminal: what is seen is handed in, so each can be tested without a machine."""
