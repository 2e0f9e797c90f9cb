"""The resource agent of the instances: PAF's own, with its order of standbys put right when it is run."""

from tuchanka.files import File
from tuchanka.render.engine import fill

# pcs names it ocf:tuchanka:pgsqlms; the package's own, beside it, is ocf:heartbeat:pgsqlms.
AGENT = "/usr/lib/ocf/resource.d/tuchanka/pgsqlms"


def agent_files() -> dict[str, File]:
    """Return path → file of the agent, the same on every node. ``AGENT check`` fails where it can't mend PAF's."""
    return {AGENT: File(fill("pgsqlms.pl.j2"), mode=0o755)}
