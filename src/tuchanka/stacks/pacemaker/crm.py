"""Reads ``crm_mon --output-as=xml``. Pure.

The standard library's parser does: the XML comes from our own nodes, whose root we are anyway.
Source: crm_mon(8) and its schema in Pacemaker (xml/api/crm_mon-*.rng).
"""

from dataclasses import dataclass, field
from xml.etree import ElementTree

# The name of the node attribute in which crm_attribute --promotion keeps a score.
SCORE = "master-"
INFINITY = 1_000_000
# PCMK_OCF_UNKNOWN (Pacemaker, results.h): the operation hasn't ended.
NO_STATUS_YET = "193"


@dataclass(frozen=True, slots=True)
class CrmNode:
    """A node as Pacemaker sees it."""

    online: bool
    standby: bool
    maintenance: bool
    unclean: bool


@dataclass(frozen=True, slots=True)
class CrmView:
    """One node's view of the cluster. ``roles`` maps (resource, node) to Pacemaker's role, started ones only.

    ``scores`` maps (resource, node) to the promotion score that its agent has set. ``starting`` has every (resource,
    node) of which a start hasn't ended: Pacemaker itself shows some of them as started meanwhile.
    """

    coordinator: str | None = None
    with_quorum: bool = False
    fencing: bool = False
    maintenance: bool = False
    nodes: dict[str, CrmNode] = field(default_factory=dict)
    roles: dict[tuple[str, str], str] = field(default_factory=dict)
    fail_counts: dict[tuple[str, str], str] = field(default_factory=dict)
    scores: dict[tuple[str, str], int] = field(default_factory=dict)
    starting: frozenset[tuple[str, str]] = frozenset()


def parse(text: str) -> CrmView | None:
    """Read the XML; ``None`` where crm_mon had nothing to say, because the cluster doesn't run there."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - of our own nodes
    except ElementTree.ParseError:
        return None
    status = root.find("status")
    if root.find("summary") is None or (status is not None and status.get("code") != "0"):
        return None
    # A node that came back before it counts as fenced looks clean, and is fenced all the same.
    condemned = {event.get("target") for event in root.iterfind("fence_history/fence_event[@status='pending']")}
    dc = root.find("summary/current_dc")
    options = root.find("summary/cluster_options")
    return CrmView(
        coordinator=dc.get("name") if dc is not None and dc.get("present") == "true" else None,
        with_quorum=dc is not None and dc.get("with_quorum") == "true",
        fencing=options is not None and options.get("stonith-enabled") == "true",
        maintenance=options is not None and options.get("maintenance-mode") == "true",
        nodes={
            node.get("name", ""): CrmNode(
                **{flag: node.get(flag) == "true" for flag in ("online", "maintenance")},
                # A node that hasn't joined yet is called a standby, too: nothing runs on either.
                standby=node.get("standby") == "true" and node.get("pending") != "true",
                unclean=node.get("unclean") == "true" or node.get("name") in condemned,
            )
            for node in root.iterfind("nodes/node")
        },
        roles={
            (resource.get("id", "").partition(":")[0], node.get("name", "")): resource.get("role", "")
            for resource in root.iterfind("resources//resource")
            for node in resource.iterfind("node")
        },
        fail_counts={
            (history.get("id", ""), node.get("name", "")): history.get("fail-count", "0")
            for node in root.iterfind("node_history/node")
            for history in node.iterfind("resource_history")
            if history.get("fail-count", "0") != "0"
        },
        scores={
            (attribute.get("name", "").removeprefix(SCORE), node.get("name", "")): _score(attribute.get("value", ""))
            for node in root.iterfind("node_attributes/node")
            for attribute in node.iterfind("attribute")
            if attribute.get("name", "").startswith(SCORE)
        },
        starting=frozenset(
            (history.get("id", ""), node.get("name", ""))
            for node in root.iterfind("node_history/node")
            for history in node.iterfind("resource_history")
            for operation in history.iterfind("operation_history[@task='start']")
            if operation.get("rc") == NO_STATUS_YET
        ),
    )


def _score(text: str) -> int:
    """Read a score (Pacemaker Explained, "Scores"); infinity is 1,000,000."""
    if text.lstrip("+-") == "INFINITY":
        return -INFINITY if text.startswith("-") else INFINITY
    try:
        return int(text)
    except ValueError:
        return 0
