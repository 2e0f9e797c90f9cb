"""How the agent asks a server without psql: a server of our own, which answers by the protocol or in another way."""

import os
import pwd
import shutil
import socket
import struct
import subprocess
import threading
from pathlib import Path

import pytest

from tuchanka.helpers.files import text

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl on this host")
USER = pwd.getpwuid(os.geteuid()).pw_name
# "_query" is what PAF calls; it says when psql would be asked.
PAF = r"""#!/usr/bin/perl
use strict;
use warnings;
my ( $pghost, $pgport, $system_user ) = ( $ENV{FOLDER}, 5432, $ENV{AS} );
sub _query {
    return 'psql';
}
sub _pg_isready {
    return 2;
}
if ( $ENV{READY} ) { print _pg_isready(), "\n"; exit 0 }
my @rows;
my $answer = _query( 'SELECT 1', \@rows );
print join( ';', $answer, map { join ',', @{$_} } @rows ), "\n";
exit 0;
# ORDER BY location DESC
"""


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", 4 + len(body)) + body


def row(*values: bytes | None) -> bytes:
    cells = (struct.pack("!i", -1) if one is None else struct.pack("!i", len(one)) + one for one in values)
    return message(b"D", struct.pack("!h", len(values)) + b"".join(cells))


TRUSTED = message(b"R", struct.pack("!i", 0)) + message(b"S", b"TimeZone\0UTC\0") + message(b"Z", b"I")
END = message(b"C", b"SELECT\0") + message(b"Z", b"I")


class Server(threading.Thread):
    """Takes one connection; answers the start and then the question with these bytes."""

    def __init__(self, folder: Path, hello: bytes, answer: bytes) -> None:
        super().__init__(daemon=True)
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(folder / ".s.PGSQL.5432"))
        self.listening.listen()
        self.listening.settimeout(10)
        self.hello, self.answer = hello, answer
        self.heard = b""

    def run(self) -> None:
        with self.listening, self.listening.accept()[0] as client:
            for said in (self.hello, self.answer):
                self.heard += client.recv(1000)
                client.sendall(said)
            self.heard += client.recv(1000)


def ask(home: Path, user: str = USER, ready: str = "") -> str:
    for name in ("tuchanka", "heartbeat"):
        (home / name).mkdir()
    (home / "heartbeat" / "pgsqlms").write_text(PAF)
    (home / "tuchanka" / "pgsqlms").write_text(text("pgsqlms.pl"))
    (home / "tuchanka" / "paf_shortcuts.pl").write_text(text("paf_shortcuts.pl"))
    environment = {**os.environ, "FOLDER": str(home), "AS": user, "READY": ready}
    environment["TUCHANKA_HELPERS_CONF"] = str(home / "none")
    command = ["perl", str(home / "tuchanka" / "pgsqlms"), "methods"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        pytest.param(row(b"a", b"1") + row(b"b", None), "0;a,1;b,", id="rows"),
        pytest.param(b"", "0", id="none"),
        pytest.param(row(None), "0", id="one that is null, which psql prints as nothing"),
    ],
)
def test_an_answer_is_what_paf_would_make_of_psql_s(tmp_path: Path, answer: bytes, rows: str):
    server = Server(tmp_path, TRUSTED, message(b"T", b"") + answer + END)
    server.start()
    assert ask(tmp_path) == rows
    server.join(10)
    hello = struct.pack("!i", 196608) + f"user\0{USER}\0database\0postgres\0\0".encode()
    question = message(b"Q", b"SELECT 1\0")
    assert server.heard == struct.pack("!i", 4 + len(hello)) + hello + question + message(b"X", b"")


@pytest.mark.parametrize(
    ("hello", "answer"),
    [
        pytest.param(message(b"R", struct.pack("!i", 10)), b"", id="who are you"),
        pytest.param(message(b"E", b"SFATAL\0\0"), b"", id="it is starting up"),
        pytest.param(TRUSTED, message(b"E", b"SERROR\0\0") + message(b"Z", b"I"), id="an error"),
        pytest.param(TRUSTED, row(b"a"), id="half an answer"),
        pytest.param(b"", b"", id="it goes"),
    ],
)
def test_whatever_is_not_a_plain_answer_is_psql_s(tmp_path: Path, hello: bytes, answer: bytes):
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / ".s.PGSQL.5432"))
    listening.listen()
    listening.settimeout(10)

    def once() -> None:
        with listening, listening.accept()[0] as client:
            client.recv(1000)
            client.sendall(hello)
            if hello == TRUSTED:
                client.recv(1000)
                client.sendall(answer)

    thread = threading.Thread(target=once, daemon=True)
    thread.start()
    assert ask(tmp_path) == "psql"
    thread.join(10)


def test_where_nobody_listens_psql_says_so(tmp_path: Path):
    assert ask(tmp_path) == "psql"
    (tmp_path / "other").mkdir()
    assert ask(tmp_path / "other", "no-such-user") == "psql"


def test_a_server_that_answers_is_ready_and_pg_isready_is_asked_about_any_other(tmp_path: Path):
    server = Server(tmp_path, TRUSTED, message(b"T", b"") + row(b"1") + END)
    server.start()
    assert ask(tmp_path, ready="yes") == "0"
    server.join(10)
    (tmp_path / "other").mkdir()
    assert ask(tmp_path / "other", ready="yes") == "2"
