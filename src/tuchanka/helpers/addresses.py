"""Refuses what comes for a floating address that is elsewhere: whoever still sends to this node needn't wait."""

from tuchanka.files import File
from tuchanka.templating import fill
from tuchanka.topology.types import Cluster

RULES = "/etc/tuchanka/vips.nft"
UNIT = "vips-elsewhere.service"


def vip_files(cluster: Cluster) -> dict[str, File]:
    """Return path → file of the rules, the same on every node; they are loaded with Pacemaker, and stay.

    While an address moves, its clients and standbys send to the node that had it, which throws away what isn't for
    it. TCP tries again after a second, then after two (RFC 6298, 2.1 and 5.5): a standby that answers again so much
    later is a commit that waits so much longer. A reset ends the wait at once (nft(8), REJECT STATEMENT).
    """
    addresses = [vip.address for instance in cluster.instances for vip in instance.vips]
    unit = f"""\
[Unit]
Description=Resets connections to floating addresses that are on another node
Before=pacemaker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f {RULES}
ExecStop=/usr/sbin/nft delete table inet vips-elsewhere
"""
    return {
        RULES: File(fill("tuchanka.helpers", "vips.nft.j2", addresses=addresses)),
        f"/etc/systemd/system/{UNIT}": File(unit),
        "/etc/systemd/system/pacemaker.service.d/vips.conf": File(f"[Unit]\nWants={UNIT}\n"),
    }
