"""What is in the base images of the nspawn machines. Pure: the recipe's hash names the image it makes."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from tuchanka.topology.fencing import IPMI_AGENTS
from tuchanka.topology.types import Topology

# Every unit that Debian enables and that must not start by itself: the cluster and the databases wait for a person,
# and the timers would only disturb what is measured.
NOT_ON_BOOT = (
    "corosync.service",
    "corosync-qdevice.service",
    "corosync-qnetd.service",
    "pacemaker.service",
    "pcsd.service",
    "pcsd-ruby.service",
    "sbd.service",
    "sbd_remote.service",
    "logd.service",
    "postgresql.service",
    "networking.service",
    "e2scrub_reap.service",
    "systemd-pstore.service",
    "cron.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "logrotate.timer",
    "man-db.timer",
)
# What every machine has.
BASE = (
    *("systemd", "systemd-sysv", "dbus", "iproute2", "iputils-ping", "iputils-arping", "nftables"),
    *("procps", "locales", "less", "openssh-server", "chrony"),
)
ON_BOOT = ("systemd-networkd.service", "chrony.service", "ssh.service")
# What the suite has; another version would need another archive.
POSTGRESQL = (17,)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A Debian suite, the packages in it, and the shell commands that mmdebstrap runs around their installation."""

    suite: str
    packages: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        """The image's name: the same recipe gives the same name."""
        text = json.dumps(asdict(self), sort_keys=True)
        return f"{self.suite}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def recipe(postgresql: Iterable[int], services: Iterable[str] = ()) -> Recipe:
    """Return the recipe of the image of the nodes and the witness.

    It has these major versions of PostgreSQL, and these packages of services.
    """
    return Recipe(
        suite="trixie",
        packages=(
            *BASE,
            *("pacemaker", "pacemaker-cli-utils", "pcs", "sbd", "fence-agents-common"),
            *("corosync", "corosync-qdevice", "corosync-qnetd"),
            *("resource-agents", "resource-agents-paf"),
            *(name for version in postgresql for name in (f"postgresql-{version}", f"postgresql-client-{version}")),
            *services,
        ),
        before=(
            'mkdir -p "$1/etc/postgresql-common/createcluster.d"',
            'echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.d/tuchanka.conf"',
        ),
        after=(
            f'chroot "$1" systemctl disable --quiet {" ".join(NOT_ON_BOOT)}',
            f'chroot "$1" systemctl enable --quiet {" ".join(ON_BOOT)}',
            # Debian's own corosync.conf would be taken for a configured cluster.
            'rm -f "$1"/etc/corosync/corosync.conf "$1"/etc/ssh/ssh_host_*',
            ': > "$1/etc/machine-id"',
            'mkdir -p "$1/var/log/journal"',
        ),
    )


def service_recipe(services: Iterable[str], data: str) -> Recipe:
    """Return the recipe of the image of the machines beside the clusters, with these packages of services.

    ``data`` is where the machines have their data disk; to services it is a folder in ``/srv/node``.
    """
    return Recipe(
        suite="trixie",
        packages=(*BASE, *services),
        before=(),
        after=(
            # Nothing but what a service asks for starts by itself; the packages would start all they have.
            'rm -rf "$1"/etc/systemd/system/multi-user.target.wants "$1"/etc/systemd/system/timers.target.wants',
            f'chroot "$1" systemctl enable --quiet {" ".join(ON_BOOT)}',
            f'mkdir -p "$1{data}" "$1/srv" && ln -s {data} "$1/srv/node"',
            'rm -f "$1"/etc/ssh/ssh_host_*',
            ': > "$1/etc/machine-id"',
            'mkdir -p "$1/var/log/journal"',
        ),
    )


def fencing_packages(topology: Topology) -> tuple[str, ...]:
    """Return the Debian packages of the fence agents that the topology names."""
    agents = {device.agent for cluster in topology.clusters for device in cluster.fencing.devices}
    packages = {
        "fence-agents-ipmilan" if agent in IPMI_AGENTS else agent.replace("fence_", "fence-agents-").replace("_", "-")
        for agent in agents
    }
    return (*sorted(packages), *(("ipmitool",) if agents & IPMI_AGENTS else ()))


def mmdebstrap_command(recipe: Recipe, target: str) -> list[str]:
    """Return the command that builds the image in the folder ``target``."""
    return [
        "mmdebstrap",
        "--variant=important",
        f"--include={','.join(recipe.packages)}",
        '--aptopt=Acquire::Languages "none"',
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        *(f"--essential-hook={command}" for command in recipe.before),
        *(f"--customize-hook={command}" for command in recipe.after),
        recipe.suite,
        target,
    ]
