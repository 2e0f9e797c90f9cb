"""Which planned operations were begun by a fault: kept in the lab's folder, for whoever heals after a kill.

A node in standby, or a cluster in maintenance, may be so because an administrator wants it. Only what has a mark is
taken back.
"""

from tuchanka.lab.lab import Lab


def mark(lab: Lab, operation: str, target: str) -> None:
    """Note that the operation is about to begin."""
    file = lab.path / "begun" / f"{operation}.{target}"
    file.parent.mkdir(exist_ok=True)
    file.touch()


def unmark(lab: Lab, operation: str, target: str) -> None:
    """Note that nothing of the operation is left; safe to repeat."""
    (lab.path / "begun" / f"{operation}.{target}").unlink(missing_ok=True)


def marked(lab: Lab, operation: str, target: str) -> bool:
    """Say whether the operation was begun on the target, and not taken back."""
    return (lab.path / "begun" / f"{operation}.{target}").exists()
