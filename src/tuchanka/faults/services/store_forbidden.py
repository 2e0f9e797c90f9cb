"""The store doesn't accept the key any more."""

import time

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.services import UNNOTICED, stores, switched_on
from tuchanka.providers.base import Power, Runner
from tuchanka.waiting import together

CONF = "/etc/swift/proxy-server.conf"
KEPT = f"{CONF}.tuchanka-kept"
# The new key is nobody's. What is kept is the file before the first of several such faults.
REVOKE = f"""\
umask 077
[ -e {KEPT} ] || {{ cp -p {CONF} {KEPT}.new && mv {KEPT}.new {KEPT}; }}
key=$(head -c 24 /dev/urandom | base64 | tr -d '/+=')
cp -p {KEPT} {CONF}.new
sed -i "s/^\\(user_[^ ]* = \\)[^ ]*/\\1$key/" {CONF}.new
chown --reference={KEPT} {CONF}.new
mv {CONF}.new {CONF}
systemctl restart swift-proxy.service
"""
ALLOW = f"""\
rm -f {KEPT}.new {CONF}.new
[ -e {KEPT} ] || exit 0
cp -p {KEPT} {CONF}.new
mv {CONF}.new {CONF}
systemctl restart swift-proxy.service
rm {KEPT}
"""


async def revoke(target: Target) -> float:
    """Give the store another key."""
    await together(*(machine.run(["sh", "-e"], stdin=REVOKE.encode()) for machine in target.machines))
    return time.monotonic()


async def allow(target: Target) -> None:
    """Give stores their own key back; safe where they have it."""
    for machine in await switched_on(stores(target)):
        await machine.run(["sh", "-e"], stdin=ALLOW.encode())


FAULTS = (
    Fault(
        name="store-forbidden",
        family="services",
        scope="service",
        needs=(Runner.__name__, Power.__name__),
        does="changes the key in the store, and starts its front anew: every request is refused",
        expect=UNNOTICED,
        proves="that a revoked key stops the archive alone, and that it goes on when the key is back",
        apply=revoke,
        heal=allow,
        heal_rank=HealRank.PROCESSES,
        predicts="unnoticed",
    ),
)
