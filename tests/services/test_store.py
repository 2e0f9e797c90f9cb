"""The store of a lab: what is rendered of it, where its secrets are, and the program that asks it."""

import configparser
import contextlib
import http.client
import json
import runpy
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tuchanka.providers.nspawn.provider import NspawnProvider
from tuchanka.services import registry, store
from tuchanka.services.store import own_store
from tuchanka.services.store.service import HASH, PROGRAM, RUNNING, SERVERS
from tuchanka.stages.tree import machine_files
from tuchanka.topology.load import load

EXAMPLE = load(Path(__file__).parents[2] / "examples" / "archive.toml")
WITHOUT = load(None)
KEY, SALT, PASSPHRASE = "the-secret-key", "the-salt", "the-passphrase"
PASSWORDS = {"heartbeat": "h", store.SECRET: KEY, HASH: SALT, "archive": PASSPHRASE}
SECRET_FILES = registry.secret_files(EXAMPLE, "depot", PASSWORDS)


def ini(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.read_string(text)
    return parser


def test_only_its_machine_has_something_of_it():
    for machine in EXAMPLE.machines:
        files = {path for path in machine_files(EXAMPLE, machine.name) if path == PROGRAM or "swift" in path}
        assert bool(files) == (machine.name == "depot")
        assert bool(registry.units(EXAMPLE, machine.name)) == (
            machine.name == "depot" or EXAMPLE.is_node(machine.name)
        )
    assert registry.secret_files(EXAMPLE, "witness", PASSWORDS) == {}
    assert registry.certified(EXAMPLE) == ("depot",)


def test_secrets_are_in_files_that_one_user_can_read_and_nowhere_else():
    assert {path: (file.mode, file.owner) for path, file in SECRET_FILES.items()} == {
        "/etc/swift/proxy-server.conf": (0o600, "swift"),
        "/etc/swift/swift.conf": (0o600, "swift"),
        str(own_store.SETTINGS): (0o600, "root"),
    }
    rendered = "".join(file.content for file in machine_files(EXAMPLE, "depot").values())
    rendered += "".join((*registry.prepare(EXAMPLE, "depot"), *registry.checks(EXAMPLE, "depot")))
    assert not [secret for secret in PASSWORDS.values() if len(secret) > 1 and secret in rendered]


def test_the_proxy_knows_the_key_and_asks_it_after_the_s3_interface():
    proxy = ini(SECRET_FILES["/etc/swift/proxy-server.conf"].content)
    account, _, user = store.ACCESS_KEY.partition(":")
    assert proxy["filter:tempauth"][f"user_{account}_{user}"] == f"{KEY} .admin"
    pipeline = proxy["pipeline:main"]["pipeline"].split()
    assert pipeline.index("cache") < pipeline.index("s3api") < pipeline.index("tempauth") < pipeline.index("slo")
    assert (proxy["filter:s3api"]["location"], proxy["DEFAULT"]["bind_ip"]) == (store.REGION, "127.0.0.1")


@pytest.mark.parametrize(("name", "port"), SERVERS.items())
def test_a_server_is_reached_on_its_own_machine_alone(name: str, port: int):
    conf = ini(machine_files(EXAMPLE, "depot")[f"/etc/swift/{name}-server.conf"].content)
    assert (conf["DEFAULT"]["bind_ip"], conf["DEFAULT"]["bind_port"]) == ("127.0.0.1", str(port))
    assert f"'{name}': {port}" in registry.prepare(EXAMPLE, "depot")[0]


def test_machines_beside_the_clusters_have_an_image_without_a_database(tmp_path: Path):
    provider = NspawnProvider(tmp_path, EXAMPLE, 3)
    beside, nodes = set(provider.service_recipe.packages), set(provider.recipe.packages)
    assert {"swift-proxy", "nginx-light", "openssh-server", "chrony"} <= beside
    assert not [name for name in beside if name.startswith(("postgresql", "pacemaker", "corosync", "pgbackrest"))]
    assert not [name for name in nodes if name.startswith(("swift", "nginx", "memcached"))]
    assert provider.machine("depot").base != provider.machine("tuchanka2a").base == provider.machine("witness").base


@pytest.mark.anyio
@pytest.mark.parametrize(("topology", "images"), [(WITHOUT, 1), (EXAMPLE, 2)])
async def test_the_second_image_is_made_only_for_machines_that_need_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, topology: Any, images: int
):
    made = []

    async def ensure(recipe: Any, note: Any) -> None:
        made.append(recipe.name)

    monkeypatch.setattr("tuchanka.providers.nspawn.provider.image.ensure", ensure)
    await NspawnProvider(tmp_path, topology, 3).make_image(print)
    assert len(set(made)) == len(made) == images


SETTINGS = json.loads(SECRET_FILES[str(own_store.SETTINGS)].content)


def test_a_request_is_signed_as_aws_does():
    """Against what botocore 1.44 made of the same request at the same moment."""
    settings = {"host": "depot.tuchanka", "region": "us-east-1", "key": "archive:writer", "secret": "s3cr3t"}
    headers = own_store.signed(settings, "HEAD", "/archive", time.gmtime(1_700_000_000))
    assert headers["x-amz-date"] == "20231114T221320Z"
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=archive:writer/20231114/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
        "Signature=6b7ced9eae3953c1e14a42cb7ce227fafc078277c25e674019a3b728288a6c0b"
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (200, ""),
        (403, "it refuses the lab's key"),
        (404, "there is no bucket archive"),
        (503, "it answers with status 503"),
        (ConnectionRefusedError(111, "Connection refused"), "it doesn't answer: [Errno 111] Connection refused"),
        (http.client.RemoteDisconnected(), "it doesn't answer: RemoteDisconnected"),
    ],
)
def test_what_is_wrong_is_said_in_a_few_words(monkeypatch: pytest.MonkeyPatch, answer: Any, words: str):
    monkeypatch.setattr(own_store, "ask", answering(answer))
    assert own_store.problem(SETTINGS) == words


def answering(*answers: Any) -> Any:
    left: Iterator[Any] = iter(answers)

    def ask(_: Any, method: str) -> int:
        answer = next(left)
        asked.append(method)
        if isinstance(answer, Exception):
            raise answer
        return int(answer)

    asked: list[str] = []
    ask.asked = asked  # type: ignore[attr-defined]
    return ask


def test_the_bucket_is_made_once_the_store_answers_and_only_if_it_is_not_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(own_store, "PAUSE_S", 0)
    gone = ConnectionRefusedError()
    ask = answering(gone, gone, 502, 502, 404, 200, 200)
    monkeypatch.setattr(own_store, "ask", ask)
    assert own_store.make_bucket(SETTINGS) == ""
    assert ask.asked == ["HEAD", "PUT", "HEAD", "PUT", "HEAD", "PUT", "HEAD"]
    again = answering(200)
    monkeypatch.setattr(own_store, "ask", again)
    assert own_store.make_bucket(SETTINGS) == ""
    assert again.asked == ["HEAD"]


def test_a_bucket_that_can_not_be_made_has_a_deadline(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(own_store, "MAKE_S", 0)
    monkeypatch.setattr(own_store, "ask", answering(403))
    assert own_store.make_bucket(SETTINGS) == "it refuses the lab's key"


def test_its_program_prints_a_line_for_each_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "systemctl").write_text("#!/bin/sh\nshift\nfor unit; do echo active; done | sed '2s/.*/failed/'\n")
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    settings = tmp_path / "store.json"
    settings.write_text(json.dumps({**SETTINGS, "devices": str(tmp_path)}))
    monkeypatch.setattr(own_store, "FULL_PERCENT", 0)
    monkeypatch.setattr(own_store, "SETTINGS", settings)
    monkeypatch.setattr(own_store, "ask", answering(404))
    monkeypatch.setattr("sys.argv", [PROGRAM, "check"])
    assert own_store.main() == 0
    assert capsys.readouterr().out.splitlines() == [
        f"the store: {RUNNING[1]} is failed",
        "the store: there is no bucket archive",
    ]


def test_a_disk_on_which_the_store_takes_nothing_more_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def disk(_: str) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=left, f_blocks=1000, f_frsize=1 << 20)

    monkeypatch.setattr(own_store.os, "statvfs", disk)
    left = 20
    assert own_store.full(str(tmp_path)) == ""
    left = 19
    assert own_store.full(str(tmp_path)) == "its disk is full, 19 MiB are left"


def test_a_full_disk_is_asked_again_at_once():
    """Swift would leave the only device there is alone for a minute."""
    proxy = ini(SECRET_FILES["/etc/swift/proxy-server.conf"].content)
    assert proxy["app:proxy-server"]["error_suppression_interval"] == "0"


def test_its_program_stands_alone(tmp_path: Path):
    text = machine_files(EXAMPLE, "depot")[PROGRAM].content
    assert text.startswith("#!/usr/bin/python3\n")
    assert "tuchanka." not in text
    program = tmp_path / "store.py"
    program.write_text(text)
    with contextlib.suppress(SystemExit):
        assert runpy.run_path(str(program))["main"]
