"""What can be said against a topology before anything is built from it. Pure."""
