"""SSH: the lab's key pair, every machine's host key, and the client configuration that uses them."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tuchanka.errors import HostError
from tuchanka.files import File
from tuchanka.lab.folder import LabFolder
from tuchanka.topology.types import Topology
from tuchanka.writing import write_atomically


def _key_pair(file: Path, comment: str) -> str:
    """Make an Ed25519 key pair if there is none; return the public key."""
    public = file.with_name(f"{file.name}.pub")
    if not public.exists():
        file.unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(file)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
        if done.returncode != 0:
            raise HostError(f"ssh-keygen failed: {done.stderr.decode().strip()}", where=str(file))
    return public.read_text().strip()


def ensure(folder: LabFolder, topology: Topology) -> None:
    """Make the keys that are missing, known_hosts and the client configuration; safe to repeat."""
    folder.ssh.mkdir(exist_ok=True, mode=0o700)
    _key_pair(folder.ssh / "id_ed25519", f"lab {topology.name}")
    known = []
    for machine in topology.machines:
        public = _key_pair(folder.ssh / f"host_{machine.name}", machine.name)
        names = f"{machine.name},{machine.name}.{topology.domain},{machine.address}"
        known.append(f"{names} {' '.join(public.split()[:2])}\n")
    write_atomically(folder.ssh / "known_hosts", "".join(known), mode=0o600)


def machine_files(folder: LabFolder, topology: Topology, machine: str) -> dict[str, File]:
    """Return path → file of a machine's host key and of the keys that may log in as root."""
    host_key = folder.ssh / f"host_{machine}"
    allowed = (folder.ssh / "id_ed25519.pub").read_text()
    if topology.ssh_public_key:
        allowed += topology.ssh_public_key + "\n"
    return {
        "/etc/ssh/ssh_host_ed25519_key": File(host_key.read_text(), mode=0o600),
        "/etc/ssh/ssh_host_ed25519_key.pub": File(host_key.with_name(f"{host_key.name}.pub").read_text()),
        "/root/.ssh/authorized_keys": File(allowed, mode=0o600),
    }


def client_config(folder: LabFolder, topology: Topology, inside: Sequence[str]) -> str:
    """Return an ssh_config(5) for the lab's machines; ``inside`` is put before a command that must reach them."""
    pipe = " ".join((*inside, sys.executable, "-m", "tuchanka.lab.pipe", "%h", "%p"))
    blocks = [
        f"Host {machine.name} {machine.name}.{topology.domain}\n"
        f"    HostName {machine.address}\n"
        f"    HostKeyAlias {machine.name}\n"
        for machine in topology.machines
    ]
    names = " ".join(f"{machine.name} {machine.name}.{topology.domain}" for machine in topology.machines)
    common = (
        f"Host {names}\n"
        "    User root\n"
        f"    IdentityFile {folder.ssh}/id_ed25519\n"
        "    IdentitiesOnly yes\n"
        f"    UserKnownHostsFile {folder.ssh}/known_hosts\n"
        "    StrictHostKeyChecking yes\n"
        f"    ProxyCommand {pipe}\n"
    )
    return "\n".join((*blocks, common))
