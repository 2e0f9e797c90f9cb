"""The resource agent: it mends PAF's order of standbys, and runs an agent that it doesn't know as it is."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tuchanka.render.agent import AGENT, agent_files
from tuchanka.timing.profiles import FAST

WRONG = "ORDER BY location ASC, application_name ASC"
RIGHT = "ORDER BY location DESC NULLS LAST, application_name ASC"
# What PAF's agent does to find its modules, and something to see which text was run.
PAF = """#!/usr/bin/perl
use strict;
use warnings;
use FindBin;
my $query = qq{
  {query}
};
sub show { print "$query$0|$FindBin::RealBin|@ARGV|" . __FILE__ . ":" . __LINE__ . "\\n" }
show();
exit 7;
__END__
=head1 NAME
"""

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl on this host")


def agent(folder: Path, query: str | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the agent beside a PAF with this query."""
    own = folder / "tuchanka" / "pgsqlms"
    own.parent.mkdir()
    own.write_text(agent_files(FAST)[AGENT].content)
    if query is not None:
        (folder / "heartbeat").mkdir()
        (folder / "heartbeat" / "pgsqlms").write_text(PAF.replace("{query}", query))
    command = ["perl", str(own), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})


def test_the_order_is_put_right_and_everything_else_runs_as_it_is(tmp_path: Path):
    done = agent(tmp_path, WRONG, "monitor")
    query, where = done.stdout.splitlines()[1:]
    assert query.strip() == RIGHT
    name, folder, action, line = where.split("|")
    assert (Path(name).name, folder, action) == ("pgsqlms", str(tmp_path / "tuchanka"), "monitor")
    # Messages point into PAF's own file.
    assert line == f"{tmp_path}/tuchanka/../heartbeat/pgsqlms:8"
    assert (done.returncode, done.stderr) == (7, "")


@pytest.mark.parametrize("query", [RIGHT, "ORDER BY location DESC, application_name ASC"])
def test_a_release_that_is_mended_is_run_as_it_is(tmp_path: Path, query: str):
    done = agent(tmp_path, query, "promote")
    assert query in done.stdout
    assert (done.returncode, done.stderr) == (7, "")


@pytest.mark.parametrize("query", ["ORDER BY position", f"{WRONG}\n{WRONG}"])
def test_an_agent_that_is_not_known_fails_the_check_and_warns_when_it_starts_and_promotes(tmp_path: Path, query: str):
    check = agent(tmp_path, query, "check")
    assert check.returncode == 5
    assert "isn't the one that is known" in check.stderr
    for action, warns in (("start", True), ("promote", True), ("monitor", False)):
        folder = tmp_path / action
        folder.mkdir()
        done = agent(folder, query, action)
        assert ("WARNING" in done.stderr) is warns
        assert done.returncode == 7


@pytest.mark.parametrize(("query", "status"), [(WRONG, 0), (RIGHT, 0), (None, 5)])
def test_the_check_runs_nothing(tmp_path: Path, query: str | None, status: int):
    done = agent(tmp_path, query, "check")
    assert (done.returncode, done.stdout) == (status, "")
    assert ("cannot read PAF's resource agent" in done.stderr) is (query is None)


def test_an_agent_that_does_not_compile_says_so(tmp_path: Path):
    done = agent(tmp_path, "}; sub (", "monitor")
    assert done.returncode != 0
    assert "heartbeat/pgsqlms line" in done.stderr
