"""What is checked of a trial; each function looks for one kind of harm. Pure."""
