"""What is done with the archive: backups that are due, its gaps, restores from it."""
