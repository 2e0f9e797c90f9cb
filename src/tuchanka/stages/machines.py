"""The stages of one machine: create gives it a name, a network and SSH; install all packages and files."""

from pathlib import Path

from tuchanka.errors import InputError
from tuchanka.files import File
from tuchanka.helpers.files import AGENT
from tuchanka.instance_paths import PGPASS
from tuchanka.lab import certificates, keys
from tuchanka.lab.lab import Lab
from tuchanka.lab.system import system_files
from tuchanka.providers.base import Machine, make_ready
from tuchanka.services import registry
from tuchanka.stacks.pacemaker.render.fencing import password_files
from tuchanka.stacks.pacemaker.render.paths import COROSYNC_KEY
from tuchanka.stacks.pacemaker.setup import qnetd
from tuchanka.stages import archive
from tuchanka.stages.own_files import text_of
from tuchanka.stages.tree import machine_files
from tuchanka.topology.types import Cluster, Topology

LOCALE_S = 120.0


async def create(lab: Lab, machine: Machine) -> None:
    """Make the machine known by its name, address and SSH key; it is shut down at the end."""
    lab.ensure_keys()
    await make_ready(machine)
    await machine.put(
        {
            **system_files(lab.topology, lab.topology.machine(machine.name)),
            **keys.machine_files(lab.folder, lab.topology, machine.name),
        }
    )
    await machine.run(["ln", "-sf", f"/usr/share/zoneinfo/{lab.topology.timezone}", "/etc/localtime"])
    await machine.shut_down()


async def install(lab: Lab, machine: Machine) -> None:
    """Put every file and secret of the machine's part in its place; it is shut down at the end."""
    await make_ready(machine)
    witness, is_node = lab.topology.witness, lab.topology.is_node(machine.name)
    files = machine_files(lab.topology, machine.name) | service_files(lab, machine.name)
    if is_node:
        files |= secret_files(lab, machine.name)
    await machine.put(files)
    for script in registry.prepare(lab.topology, machine.name):
        await machine.run(["sh"], stdin=script.encode())
    if units := registry.units(lab.topology, machine.name):
        await machine.run(["systemctl", "enable", "--quiet", *units])
    if lab.topology.locale.split(".", maxsplit=1)[0] not in {"C", "POSIX"}:
        await machine.run(["locale-gen"], timeout=LOCALE_S)
    if witness is not None and machine.name == witness.name:
        await qnetd.install(machine)
    if is_node:
        if lab.topology.cluster_of(machine.name).fencing.watchdog:
            # It starts with corosync, which nothing starts on boot.
            await machine.run(["systemctl", "enable", "--quiet", "sbd"])
        await own_folders(lab.topology, machine)
        if lab.topology.helpers.paf_order:
            await machine.run([AGENT, "check"])
        await archive.install(lab, machine)
    await machine.shut_down()


def service_files(lab: Lab, name: str) -> dict[str, File]:
    """Return path → file of a machine's secrets and certificates for services."""
    topology = lab.topology
    files = registry.secret_files(topology, name, lab.secrets().services)
    certified = registry.certified(topology)
    if certified:
        files |= certificates.authority_files(lab.folder, topology)
    if name in certified:
        files |= certificates.machine_files(lab.folder, topology, topology.machine(name))
    return files


def secret_files(lab: Lab, node: str) -> dict[str, File]:
    """Return path → file of a node's secrets."""
    secrets = lab.secrets()
    cluster = lab.topology.cluster_of(node)
    ports = sorted({instance.port for instance in cluster.instances if node in instance.nodes})
    lines = "".join(f"*:{port}:replication:replicator:{secrets.replication}\n" for port in ports)
    return {
        COROSYNC_KEY: File(secrets.corosync_key, mode=0o400),
        PGPASS: File(lines, mode=0o600, owner="postgres", group="postgres"),
    } | password_files(cluster, node, device_passwords(lab, cluster))


def device_passwords(lab: Lab, cluster: Cluster) -> dict[str, str]:
    """Return node → the password of its fencing device, of those that have one.

    Raises:
        InputError: a password's file can't be read, or isn't one line.
    """
    devices = cluster.fencing.devices
    of_bmcs = {device.node: lab.machine(device.node).bmc_password() for device in devices if device.bmc}
    return of_bmcs | {one.node: password_in(Path(one.password_file)) for one in devices if one.password_file}


def password_in(file: Path) -> str:
    """Return the password in the first and only line of the file.

    Raises:
        InputError: it can't be read, or isn't one line.
    """
    hint = "write the password into it"
    text = text_of(file, hint).removesuffix("\n")
    if not text or not text.isprintable():
        raise InputError("isn't a password in one line", where=str(file), hint=hint)
    return text


async def own_folders(topology: Topology, machine: Machine) -> None:
    """Give the folders of the instances to PostgreSQL's user."""
    version = topology.cluster_of(machine.name).postgresql
    for folder in (f"/etc/postgresql/{version}", f"/var/lib/postgresql/{version}"):
        await machine.run(["mkdir", "-p", folder])
        await machine.run(["chown", "-R", "postgres:postgres", folder])
