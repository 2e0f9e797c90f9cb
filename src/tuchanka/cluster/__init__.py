"""The state of a live cluster, whether it is healthy, and the operations on it."""
