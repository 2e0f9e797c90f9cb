"""Refusing to build what the lint says can't work, or can't keep what trials promise."""

from tuchanka.errors import TopologyError
from tuchanka.findings import Finding
from tuchanka.lint.topology import lint
from tuchanka.providers import registry
from tuchanka.topology.types import Topology


def findings(topology: Topology) -> tuple[Finding, ...]:
    """Return what the lint and the provider say of the topology."""
    return (*lint(topology), *registry.findings(topology))


def refuse_errors(topology: Topology) -> None:
    """Go on only where ``tuchanka check`` finds no error; warnings are no reason.

    Raises:
        TopologyError: the first error, and how many more there are.
    """
    registry.refuse_impossible(topology)
    errors = [finding for finding in findings(topology) if finding.severity == "error"]
    if errors:
        first, more = errors[0], f"and {len(errors) - 1} more; " if errors[1:] else ""
        raise TopologyError(
            first.what, where=f"{first.file}: {first.key}", hint=f"{first.instead}; {more}'tuchanka check' shows all"
        )
