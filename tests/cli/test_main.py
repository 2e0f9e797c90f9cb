"""How arguments are read, and what every kind of end becomes."""

import errno
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import Outcome, Tuchanka
from tuchanka import __version__
from tuchanka.cli import inspect as pure
from tuchanka.cli.main import globals_first, main
from tuchanka.errors import InputError

VALUES = st.sampled_from(["x", "a=b", "--json", "-f", "", "check"])
OURS = st.one_of(
    st.tuples(st.sampled_from(["--lab", "--topology"]), VALUES),
    st.tuples(st.sampled_from(["--lab=x", "--topology=a.toml", "--lab=", "--json"])),
)
WORDS = st.one_of(
    st.sampled_from(["check", "-f", "--rounds", "5", "--label", "--lab-x"]), st.text(max_size=5)
).filter(lambda word: word != "--")
AFTER = st.lists(st.sampled_from(["--", "--json", "--lab", "ls", "--lab=x"]))


def flat(parts: Sequence[Sequence[str]]) -> list[str]:
    return list(chain.from_iterable(parts))


@given(st.lists(st.one_of(OURS, st.tuples(WORDS))), st.one_of(st.just([]), AFTER.map(lambda tail: ["--", *tail])))
def test_our_options_come_first_and_nothing_else_moves(parts: list[tuple[str, ...]], tail: list[str]):
    ours = [part for part in parts if part[0].startswith(("--lab=", "--topology=")) or part[0] in _NAMES]
    rest = [part for part in parts if part not in ours]
    assert globals_first(flat(parts) + tail) == flat(ours) + flat(rest) + tail


_NAMES = {"--lab", "--topology", "--json"}


@pytest.mark.parametrize("arguments", [["check", "--lab"], ["exec", "a", "--topology", "--", "ls"]])
def test_an_option_without_its_value_is_named(arguments: list[str]):
    with pytest.raises(InputError, match="requires an argument"):
        globals_first(arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], "'nosuch'"),
        (["check", "--nosuch"], "--nosuch"),
        (["check", "extra"], "extra"),
        (["check", "--topology"], "'--topology' requires"),
        (["render"], "folder"),
        (["heartbeat", "--rate", "fast"], "--rate"),
        (["heartbeat", "--rate", "0"], "--rate"),
        (["test", "--rounds", "0"], "--rounds"),
        (["fault", "nosuch"], "nosuch"),
        (["exec", "witness"], "command"),
        (["exec", "witness", "--"], "no command"),
    ],
)
def test_usage(tuchanka: Tuchanka, arguments: list[str], words: str):
    tuchanka(*arguments).refused(2, words)


@pytest.mark.parametrize("arguments", [[], ["fault"], ["cluster"]])
def test_without_a_command_help_is_shown(capsys: pytest.CaptureFixture[str], arguments: list[str]):
    outcome = Outcome(main(arguments), *capsys.readouterr())
    assert (outcome.status, outcome.err) == (2, "tuchanka: error: a command is missing; see 'tuchanka --help'\n")
    assert "Usage: tuchanka" in outcome.out


def test_options_without_a_command(tuchanka: Tuchanka):
    tuchanka("--json").refused(2, "Missing command")


def test_help_and_version_are_no_errors(tuchanka: Tuchanka):
    assert tuchanka("--help").status == 0
    assert tuchanka("fault", "inject", "--help").status == 0
    assert tuchanka("--version").out == f"tuchanka {__version__}\n"


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "error: /x/y: No space left on device; "),
        (TimeoutError(), "error: TimeoutError; "),
        (KeyboardInterrupt(), "interrupted; "),
    ],
)
def test_what_nobody_foresaw_is_one_line(
    tuchanka: Tuchanka, monkeypatch: pytest.MonkeyPatch, raised: BaseException, said: str
):
    def fail(_: str) -> None:
        raise raised

    monkeypatch.setattr(pure, "examine", fail)
    outcome = tuchanka("doctor")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (3, "", 1)
    assert outcome.err.startswith(f"tuchanka: {said}")


PROGRAM = [sys.executable, "-c", "import sys; from tuchanka.cli import main; sys.exit(main())"]


def test_a_full_disk_behind_the_output(tmp_path: Path):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "--lab", str(tmp_path / "lab"), "hosts"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr.count(b"\n")) == (3, 1)
    assert b"No space left" in done.stderr


def test_a_reader_that_has_had_enough(tmp_path: Path):
    reader, writer = os.pipe()
    os.close(reader)
    command = [*PROGRAM, "--lab", str(tmp_path / "lab"), "timing"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (3, b"")
