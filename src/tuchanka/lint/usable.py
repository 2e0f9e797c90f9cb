"""What a file says correctly and still can't be used, because nothing here knows the name. Pure."""

from tuchanka.lint.timing import must_have_timing
from tuchanka.services.registry import must_be_provided
from tuchanka.topology.types import Topology


def usable(topology: Topology) -> Topology:
    """Return the topology, whose profile, overrides and services are known here. Every command begins with it.

    Raises:
        TopologyError: a name that is unknown (one line: file, key, what, hint).
    """
    must_have_timing(topology)
    must_be_provided(topology)
    return topology
