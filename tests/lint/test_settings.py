"""Settings that weaken what trials promise: an error, or accepted in so many words."""

from dataclasses import replace

import pytest

from tuchanka.findings import Finding
from tuchanka.lint.topology import lint
from tuchanka.postgres.effective import GUARDED
from tuchanka.topology.load import default_text, load, parse

KEY = "clusters.tuchanka4.instances.krogan4"
USUAL = {str(one) for one in lint(load(None))}


def found(*settings: str, accept: str = "") -> list[Finding]:
    """Return what is found of the default topology with these settings of krogan4."""
    old, table = '# shared_buffers = "256MB"', f"[{KEY}]\n"
    text = default_text()
    assert old in text
    assert table in text
    text = text.replace(old, "\n".join(settings), 1)
    text = text.replace(table, f"{table}accept = {accept}\n" if accept else table, 1)
    return [one for one in lint(parse(text, "default.toml")) if str(one) not in USUAL]


@pytest.mark.parametrize(
    "line",
    [
        *('synchronous_commit = "off"', 'synchronous_commit = "local"', 'synchronous_commit = "REMOTE_WRITE"'),
        *("synchronous_commit = false", "synchronous_commit = 0"),
        *("fsync = false", "fsync = 0", 'fsync = "off"', 'fsync = "OF"', 'fsync = "no"', 'fsync = "f"'),
        *("full_page_writes = false", "data_sync_retry = true", "zero_damaged_pages = 1"),
        *("ignore_checksum_failure = true", "ignore_invalid_pages = true", 'statement_timeout = "30s"'),
        *('"heartbeat.synchronous_commit" = "off"', '"app.fsync" = false'),
    ],
)
def test_a_weakness_is_an_error_with_its_consequence_unless_accepted(line: str):
    name = line.split(" = ", maxsplit=1)[0].strip('"')
    (error,) = found(line)
    assert (error.severity, error.key) == ("error", f"{KEY}.settings.{name}")
    assert f'accept = ["{name}"]' in error.instead
    (warning,) = found(line, accept=f'["{name}"]')
    assert (warning.severity, warning.key) == ("warning", error.key)
    assert warning.what == f"{error.what}; accepted: no trial promises otherwise"


def test_accepting_one_does_not_accept_another():
    findings = found("fsync = false", "full_page_writes = false", accept='["fsync"]')
    assert [one.severity for one in findings] == ["warning", "error"]


@pytest.mark.parametrize("line", ["fsync = true", 'synchronous_commit = "remote_apply"', "statement_timeout = 0"])
def test_what_weakens_nothing_is_no_finding(line: str):
    assert found(line) == []


def test_what_the_server_would_not_start_with():
    (error,) = found('fsync = "maybe"')
    assert (error.severity, error.key) == ("error", f"{KEY}.settings.fsync")
    assert error.what == "'maybe' is no value of fsync: the server would not start"


def test_what_can_not_be_accepted():
    (error,) = found(accept='["work_mem"]')
    assert (error.severity, error.key) == ("error", f"{KEY}.accept[0]")
    assert error.instead == f"choose from: {', '.join(GUARDED)}"
    (warning,) = found(accept='["fsync"]')
    assert (warning.severity, warning.key) == ("warning", f"{KEY}.accept[0]")
    twice = found("fsync = false", accept='["fsync", "fsync"]')
    assert [one.key for one in twice] == [f"{KEY}.settings.fsync", f"{KEY}.accept[1]"]


def test_an_asynchronous_instance_is_told_too():
    topology = load(None)
    one = topology.cluster("tuchanka2")
    weak = replace(one, instances=(replace(one.instances[0], settings={"synchronous_commit": "local"}),))
    findings = lint(replace(topology, clusters=(topology.clusters[0], weak, topology.clusters[2])))
    assert [item.key for item in findings if item.severity == "error"] == [
        "clusters.tuchanka2.instances.krogan2.settings.synchronous_commit"
    ]
