"""What a history says of each trial: pure functions of the recorded events."""
