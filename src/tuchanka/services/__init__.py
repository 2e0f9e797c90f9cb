"""Optional services around the clusters: what each adds to machines, instances and trials. Pure: others act on it."""
