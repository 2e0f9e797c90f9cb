"""The stack as faults and campaigns use it: see ``lab.stack``."""

from collections.abc import Mapping, Sequence

from tuchanka.events import Event, JournalRule
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Progress
from tuchanka.lab.stack import FinishAudit, Restore, Unsettled
from tuchanka.prediction import Prediction, Reaction
from tuchanka.stacks.pacemaker import audit, bring_up, evidence
from tuchanka.stacks.pacemaker.journal_rules import RULES
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.predictions import predict
from tuchanka.stacks.pacemaker.restore import repair
from tuchanka.stacks.pacemaker.timing.derive import timing_of
from tuchanka.topology.types import Cluster, Instance, Topology


class Pacemaker:
    """Pacemaker, Corosync, sbd and PAF, with what is added to them."""

    packages: Sequence[str] = (
        "pacemaker",
        "corosync",
        "corosync-qdevice",
        "sbd",
        "resource-agents-paf",
        "resource-agents",
        "pcs",
    )
    evidence: Mapping[str, str] = evidence.COMMANDS
    journal_rules: Sequence[JournalRule] = RULES

    def predict(self, topology: Topology, cluster: Cluster, reaction: Reaction) -> Prediction | None:
        """Predict from the cluster's timeouts."""
        return predict(timing_of(topology, cluster), reaction)

    async def bring_up(self, lab: Lab, cluster: Cluster, progress: Progress) -> None:
        """Switch on, start, restore, and wait until healthy."""
        await bring_up.bring_up(lab, cluster, progress)

    async def roles(self, lab: Lab, cluster: Cluster, instance: Instance) -> Mapping[str, str]:
        """Return the roles as Pacemaker sees them."""
        state = await observe(lab, cluster)
        return {copy.node: copy.role for copy in state.instance(instance.name).copies}

    async def is_lost(self, lab: Lab, cluster: Cluster, node: str) -> bool:
        """Say whether Pacemaker has given the node up, and is sure that it is fenced."""
        state = await observe(lab, cluster)
        return not state.node(node).online and not state.node(node).unclean and state.quorum.quorate

    async def plan_restore(self, lab: Lab, cluster: Cluster, node: str) -> Restore:
        """Plan the restore of every instance on the node, without force."""
        steps = await repair.plan(lab, cluster, node, None, force=False)

        async def restore(progress: Progress) -> None:
            await repair.carry_out(lab, cluster, node, steps, progress)

        return restore

    async def begin_audit(self, lab: Lab, cluster: Cluster) -> FinishAudit:
        """Look at Pacemaker's configuration and counters, the daemons, and every copy."""
        before = await audit.baseline(lab, cluster)

        async def finish(trial: int, unsettled: Unsettled) -> tuple[Event, ...]:
            return await audit.audit(lab, cluster, trial, before, unsettled)

        return finish


PACEMAKER = Pacemaker()
