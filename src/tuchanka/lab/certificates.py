"""TLS: the lab's own certificate authority, and a certificate for each machine that needs one."""

import os
import subprocess
from pathlib import Path

from tuchanka.errors import HostError
from tuchanka.files import File
from tuchanka.lab.folder import LabFolder
from tuchanka.services.base import LAB_CA, TLS_CERTIFICATE, TLS_KEY
from tuchanka.topology.types import AnyMachine, Topology

DAYS = 3650
"""A lab's certificates outlive it."""
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
OPENSSL_S = 30


def authority(folder: LabFolder, topology: Topology) -> Path:
    """Return the file of the authority's certificate, made on the first call; the key beside it is ``ca.key``.

    Python 3.13 and later refuse an authority without ``keyUsage`` (RFC 5280, 4.2.1.3).
    """
    certificate, key = folder.secrets / "ca.pem", folder.secrets / "ca.key"
    if not certificate.exists():
        folder.secrets.mkdir(exist_ok=True, mode=0o700)
        extensions = ("basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign")
        _make(certificate, key, f"lab {topology.name}", extensions)
    return certificate


def machine_files(folder: LabFolder, topology: Topology, machine: AnyMachine) -> dict[str, File]:
    """Return path → file of a machine's certificate and key; they are made once, and kept with the lab's secrets."""
    ca = authority(folder, topology)
    certificate, key = folder.secrets / f"{machine.name}.pem", folder.secrets / f"{machine.name}.key"
    if not certificate.exists():
        full = f"{machine.name}.{topology.domain}"
        extensions = (
            "basicConstraints=critical,CA:FALSE",
            "keyUsage=critical,digitalSignature",
            "extendedKeyUsage=serverAuth,clientAuth",
            f"subjectAltName=DNS:{full},DNS:{machine.name},IP:{machine.address}",
        )
        _make(certificate, key, machine.name, extensions, by=ca)
    return {
        TLS_CERTIFICATE: File(certificate.read_text() + ca.read_text()),
        TLS_KEY: File(key.read_text(), mode=0o600),
    }


def authority_files(folder: LabFolder, topology: Topology) -> dict[str, File]:
    """Return path → file by which a machine believes in the lab's certificates."""
    return {LAB_CA: File(authority(folder, topology).read_text())}


def _make(certificate: Path, key: Path, name: str, extensions: tuple[str, ...], *, by: Path | None = None) -> None:
    """Make a key and its certificate; the certificate's file comes last, so that both are there or none counts."""
    half = certificate.with_name(f"{certificate.name}.new")
    signer = ("-CA", str(by), "-CAkey", str(by.with_suffix(".key"))) if by else ()
    wanted = tuple(word for extension in extensions for word in ("-addext", extension))
    command = ("openssl", "req", "-x509", *signer, *KEY, "-keyout", str(key), "-out", str(half), "-days", str(DAYS))
    # The name is data, not options: it comes from the topology, which allows letters, digits and hyphens.
    command += ("-subj", f"/CN={name}", *wanted)
    # Nothing of the host's configuration: its extensions would come on top.
    environment = {**os.environ, "OPENSSL_CONF": "/dev/null"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=OPENSSL_S, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostError(f"openssl failed: {error}", where=str(certificate), hint="see 'tuchanka doctor'") from error
    if done.returncode != 0:
        raise HostError(f"openssl failed: {done.stderr.decode(errors='replace').strip()}", where=str(certificate))
    half.replace(certificate)
