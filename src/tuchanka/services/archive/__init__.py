"""The archive of log and backups: what it puts on the nodes. Pure; the room ``archive`` works with it."""
