"""How a failed node, or a cluster of which nothing serves, comes back: looks, chooses, plans, acts."""
