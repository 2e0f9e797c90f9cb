"""What every machine has, whatever its part: names, addresses, time, locale, SSH."""

from tuchanka.files import File
from tuchanka.providers import registry
from tuchanka.templating import fill
from tuchanka.topology.types import AnyMachine, Topology

CHRONY_UNIT = "/etc/systemd/system/chrony.service.d/tuchanka.conf"


def system_files(topology: Topology, machine: AnyMachine) -> dict[str, File]:
    """Return path → file of what doesn't depend on the machine's part in a cluster.

    Raises:
        TopologyError: there is no such provider.
    """
    kind = registry.kind(topology.provider)
    # Debian's unit wants the right to set the clock. A machine without it only measures (chronyd(8), -x).
    unit = {} if kind.sets_clock else {CHRONY_UNIT: File("[Unit]\nConditionCapability=\n")}
    return unit | {
        "/etc/hostname": File(f"{machine.name}\n"),
        "/etc/hosts": File(hosts(topology)),
        "/etc/systemd/network/10-tuchanka.network": File(
            fill(
                "tuchanka.lab",
                "network.j2",
                interface=kind.interface,
                address=f"{machine.address}/{topology.network.subnet.prefixlen}",
                domain=topology.domain,
            )
        ),
        "/etc/chrony/chrony.conf": File(chrony(topology, machine)),
        "/etc/default/chrony": File(f'DAEMON_OPTS="-F 1{"" if kind.sets_clock else " -x"}"\n'),
        "/etc/default/locale": File(f"LANG={topology.locale}\n"),
        "/etc/locale.gen": File(locale_gen(topology.locale)),
        "/etc/timezone": File(f"{topology.timezone}\n"),
        "/etc/ssh/sshd_config.d/tuchanka.conf": File(fill("tuchanka.lab", "sshd.j2")),
    }


def hosts(topology: Topology) -> str:
    """Return /etc/hosts: every machine and every VIP of the lab, with and without the domain."""
    machines = [(machine.address, machine.name) for machine in topology.machines]
    vips = [(vip.address, vip.name) for c in topology.clusters for i in c.instances for vip in i.vips]
    return fill("tuchanka.lab", "hosts.j2", domain=topology.domain, machines=machines, vips=vips)


def locale_gen(locale: str) -> str:
    """Return /etc/locale.gen; the C locales need no generating (locale-gen(8))."""
    if locale.split(".", maxsplit=1)[0] in {"C", "POSIX"}:
        return "# the C locales are built in\n"
    return f"{locale} {locale.partition('.')[2] or 'ISO-8859-1'}\n"


def chrony(topology: Topology, machine: AnyMachine) -> str:
    """Return chrony.conf: the witness serves the lab; without it the nodes of a cluster agree among themselves.

    A machine for services has no peers: it follows the witness, or else the nodes of the first cluster.

    Source: chrony.conf(5), ``local stratum … orphan``: of the servers that have lost every source, the one with the
    smallest reference ID serves the others; all of them must name each other as sources.
    """
    witness = topology.witness
    is_witness = witness is not None and machine.name == witness.name
    if topology.is_node(machine.name):
        others = [node for node in topology.cluster_of(machine.name).nodes if node.name != machine.name]
    else:
        others = [] if witness else list(topology.clusters[0].nodes)
    return fill(
        "tuchanka.lab",
        "chrony.j2",
        is_witness=is_witness,
        witness=witness,
        others=others,
        subnet=topology.network.subnet,
    )
