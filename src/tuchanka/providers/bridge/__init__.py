"""The network of a lab: a bridge in a network namespace of its own, and what it loses on purpose."""
