"""What of a rendered tree is compared with golden files."""

from tuchanka.stacks.pacemaker.render.commands import PROGRAM


def recorded(tree: dict[str, str]) -> dict[str, str]:
    """Return the tree without the program behind ``restore``: its files are our own modules, as they are."""
    return {path: text for path, text in tree.items() if f"{PROGRAM}/" not in path}
