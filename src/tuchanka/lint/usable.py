"""What a file says correctly and still can't be used, because nothing here knows the name. Pure."""

from tuchanka.lint.timing import must_have_timing
from tuchanka.topology.types import Topology


def usable(topology: Topology) -> Topology:
    """Return the topology, whose profile and overrides the stack knows. Every command begins with it.

    Raises:
        TopologyError: a name that is unknown (one line: file, key, what, hint).
    """
    must_have_timing(topology)
    return topology
