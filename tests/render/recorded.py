"""What of a rendered tree is compared with golden files."""

from tuchanka.services.archive.paths import KEEPER
from tuchanka.stacks.pacemaker.render.commands import PROGRAM


def recorded(tree: dict[str, str]) -> dict[str, str]:
    """Return the tree without the programs in Python: their files are our own modules, as they are."""
    return {path: text for path, text in tree.items() if f"{PROGRAM}/" not in path and f"{KEEPER}/" not in path}
