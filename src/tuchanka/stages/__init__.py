"""image, create, install, setup: each idempotent, timed, and ended by a snapshot."""
