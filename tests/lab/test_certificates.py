"""The lab's certificates: what a strict client believes, and who may read the keys."""

import ssl
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tuchanka.errors import HostError
from tuchanka.lab import certificates
from tuchanka.lab.folder import LabFolder
from tuchanka.services.base import LAB_CA, TLS_CERTIFICATE, TLS_KEY
from tuchanka.topology.load import load
from tuchanka.topology.types import ServiceMachine, Topology

EXAMPLE = load(Path(__file__).parents[2] / "examples" / "archive.toml")
(DEPOT,) = EXAMPLE.services
MACHINE = (EXAMPLE, DEPOT)


def shake_hands(folder: Path, made: tuple[Topology, ServiceMachine], ca: str, host: str) -> None:
    """Let a client that believes ``ca`` meet the machine as ``host``, in memory."""
    files = certificates.machine_files(LabFolder(folder), *made)
    chain, key = folder / "chain.pem", folder / "own.key"
    chain.write_text(files[TLS_CERTIFICATE].content)
    key.write_text(files[TLS_KEY].content)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(chain, key)
    client_side = ssl.create_default_context(cadata=ca)
    # What Python 3.13 does by default.
    client_side.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    client = client_side.wrap_bio(to_client, to_server, server_hostname=host)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue


@pytest.mark.parametrize("host", [DEPOT.name, f"{DEPOT.name}.{EXAMPLE.domain}", str(DEPOT.address)])
def test_a_strict_client_believes_a_machine_by_each_of_its_names(tmp_path: Path, host: str):
    shake_hands(tmp_path, MACHINE, certificates.authority_files(LabFolder(tmp_path), EXAMPLE)[LAB_CA].content, host)


def test_a_client_believes_nobody_else(tmp_path: Path):
    ca = certificates.authority_files(LabFolder(tmp_path), EXAMPLE)[LAB_CA].content
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(tmp_path, MACHINE, ca, "witness")
    (tmp_path / "other").mkdir()
    another = certificates.authority_files(LabFolder(tmp_path / "other"), replace(EXAMPLE, name="other"))
    with pytest.raises(ssl.SSLCertVerificationError, match=r"unable to get|self-signed|signature"):
        shake_hands(tmp_path, MACHINE, another[LAB_CA].content, DEPOT.name)


def test_they_are_made_once(tmp_path: Path):
    folder = LabFolder(tmp_path)
    first = certificates.machine_files(folder, *MACHINE)
    assert certificates.machine_files(folder, *MACHINE) == first
    assert first[TLS_CERTIFICATE].content.endswith(certificates.authority(folder, EXAMPLE).read_text())


def test_keys_can_be_read_by_root_alone(tmp_path: Path):
    files = certificates.machine_files(LabFolder(tmp_path), *MACHINE)
    assert (files[TLS_KEY].mode, files[TLS_KEY].owner) == (0o600, "root")
    assert "PRIVATE KEY" not in files[TLS_CERTIFICATE].content
    secrets = LabFolder(tmp_path).secrets
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.glob("*.key")} == {0o600}


def test_a_killed_call_is_repeated(tmp_path: Path):
    """The certificate comes last: a key alone counts for nothing."""
    folder = LabFolder(tmp_path)
    certificates.authority(folder, EXAMPLE)
    (folder.secrets / f"{DEPOT.name}.key").write_text("half a key")
    certificates.machine_files(folder, *MACHINE)
    shake_hands(tmp_path, MACHINE, certificates.authority(folder, EXAMPLE).read_text(), DEPOT.name)


def test_without_openssl_it_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="openssl") as caught:
        certificates.authority(LabFolder(tmp_path), EXAMPLE)
    assert len(str(caught.value).splitlines()) == 1
    assert "doctor" in caught.value.hint
