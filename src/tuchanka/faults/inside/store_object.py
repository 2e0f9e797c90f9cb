"""Damages an object of this machine's store, or deletes one that was damaged: ``store_object.py damage|forget``.

``damage`` changes a byte of the newest file of the log that an archive has here, and reads it through the store,
which has to put it aside. ``forget`` deletes what was damaged, so that an archive sees that it lacks it. Both write
the object's name, if there is one. Status 3: there is nothing to damage. Status 4: the store hasn't noticed.
"""

import contextlib
import http.client
import json
import os
import pickle
import re
import runpy
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SETTINGS = Path("/etc/tuchanka/store.json")
PROGRAM = "/usr/lib/tuchanka/store"
OBJECTS = Path("/srv/node/data/objects")
# On the same disk as the objects, so it goes back to a snapshot with them. It is there before any damage is.
MARK = Path("/srv/node/.tuchanka-damaged")
NOTHING_TO_DAMAGE, NOT_NOTICED = 3, 4
ANSWER_S, NOTICE_S, SERVE_S = 5.0, 10.0, 60.0
LOG = re.compile(r".*/([0-9A-F]{24})-[0-9a-f]{40}[.\w]*")


def ask(settings: dict[str, Any], method: str, name: str) -> int:
    """Return the status with which the store answers a request for an object, after reading the whole answer."""
    path = f"/{settings['bucket']}/{name}"
    headers = runpy.run_path(PROGRAM, run_name="store")["signed"](settings, method, path, time.gmtime())
    context = ssl.create_default_context(cafile=settings["ca"])
    connection = http.client.HTTPSConnection(settings["host"], settings["port"], timeout=ANSWER_S, context=context)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def files(bucket: str) -> Iterator[tuple[str, str, Path]]:
    """Yield the files of the log in the bucket: without their folder, as objects, and on the disk."""
    for path in OBJECTS.glob("*/*/*/*.data"):
        with contextlib.suppress(OSError):
            name: str = pickle.loads(os.getxattr(path, "user.swift.metadata"))[b"name"].decode()  # noqa: S301 - its own
            _, _, own, key = name.split("/", 3)
            found = LOG.fullmatch(key)
            if own == bucket and found and path.stat().st_size:
                yield found[1], key, path


def flip(path: Path) -> None:
    """Change a byte in the middle of a file."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        old = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([old[0] ^ 0xFF]))
        file.flush()
        os.fsync(file.fileno())


def damage(settings: dict[str, Any]) -> int:
    """Damage the newest file, and read it."""
    newest = max(files(settings["bucket"]), default=None)
    if newest is None:
        return NOTHING_TO_DAMAGE
    _, name, path = newest
    new = MARK.with_suffix(".new")
    new.write_text(name)
    new.replace(MARK)
    flip(path)
    end = time.monotonic() + NOTICE_S
    while path.exists():
        if time.monotonic() > end:
            return NOT_NOTICED
        with contextlib.suppress(OSError, http.client.HTTPException):
            ask(settings, "GET", name)
        time.sleep(0.2)
    sys.stdout.write(f"{name}\n")
    return 0


def forget(settings: dict[str, Any]) -> int:
    """Delete the object that was damaged."""
    try:
        name = MARK.read_text()
    except FileNotFoundError:
        return 0
    end, status = time.monotonic() + SERVE_S, 0
    while status not in {204, 404}:
        if time.monotonic() > end:
            sys.stderr.write(f"the store doesn't delete it: {status or 'no answer'}\n")
            return 1
        with contextlib.suppress(OSError, http.client.HTTPException):
            status = ask(settings, "DELETE", name)
        time.sleep(0.2)
    MARK.unlink(missing_ok=True)
    sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit({"damage": damage, "forget": forget}[sys.argv[1]](json.loads(SETTINGS.read_text())))
