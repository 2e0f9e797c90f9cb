"""The program of a store's machine that asks its own store: it makes the bucket, and says what is wrong.

It asks as the nodes do: through TLS with the name of the machine, and signed with the key. It stands alone, with
nothing but the standard library. Source: AWS, "Signature Version 4 signing process".
"""

import contextlib
import hashlib
import hmac
import http.client
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SETTINGS = Path("/etc/tuchanka/store.json")
ANSWER_S = 5
MAKE_S = 45
PAUSE_S = 0.2
CREATED = 200
FULL_PERCENT = 2
NOTHING = hashlib.sha256(b"").hexdigest()


def signed(settings: Mapping[str, Any], method: str, path: str, now: time.struct_time) -> dict[str, str]:
    """Return the headers of a request without a body."""
    day, moment = time.strftime("%Y%m%d", now), time.strftime("%Y%m%dT%H%M%SZ", now)
    headers = {"host": settings["host"], "x-amz-content-sha256": NOTHING, "x-amz-date": moment}
    names = ";".join(headers)
    canonical = [method, path, "", *(f"{name}:{value}" for name, value in headers.items()), "", names, NOTHING]
    scope = f"{day}/{settings['region']}/s3/aws4_request"
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    key = b"AWS4" + settings["secret"].encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}".encode(), "sha256").hex()
    authorization = f"Credential={settings['key']}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": f"AWS4-HMAC-SHA256 {authorization}"}


def ask(settings: Mapping[str, Any], method: str) -> int:
    """Return the status with which the store answers a request for the bucket."""
    path = f"/{settings['bucket']}"
    context = ssl.create_default_context(cafile=settings["ca"])
    connection = http.client.HTTPSConnection(settings["host"], settings["port"], timeout=ANSWER_S, context=context)
    try:
        connection.request(method, path, headers=signed(settings, method, path, time.gmtime()))
        return connection.getresponse().status
    finally:
        connection.close()


def problem(settings: Mapping[str, Any]) -> str:
    """Say what is wrong with the store, in a few words; empty if nothing is."""
    try:
        status = ask(settings, "HEAD")
    except (OSError, http.client.HTTPException) as error:
        return f"it doesn't answer: {str(error) or type(error).__name__}"
    words = {200: "", 403: "it refuses the lab's key", 404: f"there is no bucket {settings['bucket']}"}
    return words.get(status, f"it answers with status {status}")


def make_bucket(settings: Mapping[str, Any]) -> str:
    """Make the bucket, which pgBackRest expects to be there; say what is wrong if it can't be made.

    The servers take a moment to answer after a boot.
    """
    end = time.monotonic() + MAKE_S
    while (wrong := problem(settings)) and time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(settings, "PUT") == CREATED:
                continue
        time.sleep(PAUSE_S)
    return wrong


def stopped(units: list[str]) -> list[str]:
    """Return a line for each unit that doesn't run."""
    states = subprocess.run(["systemctl", "is-active", *units], stdout=subprocess.PIPE, text=True, check=False).stdout
    return [f"{unit} is {state}" for unit, state in zip(units, states.split(), strict=False) if state != "active"]


def full(folder: str) -> str:
    """Say that the disk is full, if it is so full that Swift refuses what is new (``fallocate_reserve``)."""
    disk = os.statvfs(folder)
    if disk.f_bavail * 100 >= disk.f_blocks * FULL_PERCENT:
        return ""
    return f"its disk is full, {disk.f_bavail * disk.f_frsize >> 20} MiB are left"


def main() -> int:
    """Make the bucket, or print the problems (``check``)."""
    settings = json.loads(SETTINGS.read_text())
    if sys.argv[1:] == ["check"]:
        for line in (*stopped(settings["units"]), problem(settings), full(settings["devices"])):
            if line:
                print(f"the store: {line}")  # noqa: T201 - it is its output
        return 0
    if wrong := make_bucket(settings):
        print(f"the bucket can't be made: {wrong}", file=sys.stderr)  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
