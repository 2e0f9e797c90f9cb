"""What a node needs of the archive beside rendered files: secrets, and an agent that counts what is fetched."""

from pathlib import Path

from tuchanka.errors import InputError
from tuchanka.files import File
from tuchanka.helpers.files import AGENT
from tuchanka.lab import certificates
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import Machine
from tuchanka.services import base, store
from tuchanka.services.archive import config
from tuchanka.services.archive.paths import OWN_CA, REFUSED, TLS_CERTIFICATE, TLS_KEY
from tuchanka.services.archive.service import PASSPHRASE
from tuchanka.stages.own_files import text_of
from tuchanka.topology.types import Archive


async def install(lab: Lab, machine: Machine) -> None:
    """Put the secrets on the node; nothing is fetched there where the agent's election would overlook it.

    Raises:
        InputError: a file that the topology names can't be used.
    """
    archive = lab.topology.archive
    if archive is None or not config.here(lab.topology.cluster_of(machine.name), machine.name):
        return
    await machine.put(secret_files(lab, archive))
    if config.serves(archive, lab.topology.cluster_of(machine.name), machine.name):
        await machine.put(server_files(lab, machine.name))
    found = await machine.run([AGENT, "check-positions"], check=False)
    if found.status == 0:
        await machine.run(["rm", "-f", REFUSED])
    else:
        await machine.put({REFUSED: File(f"{(found.stderr or found.stdout).strip()}\n")})


def server_files(lab: Lab, name: str) -> dict[str, File]:
    """Return path → file by which nodes let each other in for backups."""
    files = certificates.machine_files(lab.folder, lab.topology, lab.topology.machine(name))
    key = File(files[base.TLS_KEY].content, mode=0o600, owner="postgres", group="postgres")
    certificate = {TLS_CERTIFICATE: files[base.TLS_CERTIFICATE], TLS_KEY: key}
    return certificate | certificates.authority_files(lab.folder, lab.topology)


def secret_files(lab: Lab, archive: Archive) -> dict[str, File]:
    """Return path → file of what the topology doesn't say: keys, the passphrase, the user's certificates."""
    secrets = lab.secrets().services
    passphrase = secrets[PASSPHRASE]
    if archive.store is not None:
        return config.secrets_conf(key=store.ACCESS_KEY, key_secret=secrets[store.SECRET], passphrase=passphrase)
    assert archive.key_file is not None  # noqa: S101 - an endpoint has one
    key, key_secret = keys_in(Path(archive.key_file))
    files = config.secrets_conf(key=key, key_secret=key_secret, passphrase=passphrase)
    if archive.ca_file is not None:
        files[OWN_CA] = File(certificates_in(Path(archive.ca_file)))
    return files


def keys_in(file: Path) -> tuple[str, str]:
    """Return the access key and the secret key: the first and the second line of the file.

    Raises:
        InputError: it can't be read, or isn't two lines.
    """
    hint = "write the access key into its first line, the secret key into the second"
    lines = text_of(file, hint).splitlines()
    if len(lines) != 2 or not all(line and line.isprintable() and " " not in line for line in lines):
        raise InputError("isn't an access key and a secret key, a line each", where=str(file), hint=hint)
    return lines[0], lines[1]


def certificates_in(file: Path) -> str:
    """Return the certificates in the file.

    Raises:
        InputError: it can't be read, or has none.
    """
    hint = "name the PEM file of the authority that signed the service's certificate"
    text = text_of(file, hint)
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise InputError("has no certificate", where=str(file), hint=hint)
    return text
