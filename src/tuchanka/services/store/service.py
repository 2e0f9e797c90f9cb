"""The store as a service: packages, files and units of its machine.

One copy of everything, on the machine's data disk: it is as durable as that disk, and no more. Swift keeps a hash
with each object; its auditor puts aside what has been damaged. Source: OpenStack Swift, "Instructions for a Multiple
Server Swift Installation" and "S3/Swift REST API Comparison Matrix"; the sample files of the packages.
"""

import json
from collections.abc import Mapping
from importlib import resources

from tuchanka.files import File
from tuchanka.services.base import LAB_CA, TLS_CERTIFICATE, TLS_KEY, Service
from tuchanka.services.store import ACCESS_KEY, BUCKET, PORT, REGION, SECRET
from tuchanka.services.store.own_store import SETTINGS
from tuchanka.templating import fill
from tuchanka.topology.archive import STORE
from tuchanka.topology.types import Topology

PACKAGE = "tuchanka.services.store"
HASH = "store_hash"
"""The name of the secret with which Swift hashes names: with another one it finds nothing of what it has."""
FOLDER = "/etc/swift"
DEVICES = "/srv/node"
PROGRAM = "/usr/lib/tuchanka/store"
SYSTEMD = "/etc/systemd/system"
PROXY_PORT = 8080
SERVERS = {"account": 6202, "container": 6201, "object": 6200}
"""Swift's servers behind the proxy, and their ports, which no other machine reaches."""
PART_POWER = 6
OF_OTHERS = ("memcached", "nginx")
"""Debian's units that systemd doesn't start again by itself."""
RUNNING = (
    "memcached.service",
    *(f"swift-{name}.service" for name in SERVERS),
    # What a server that was away for a moment has not been told, and what has been damaged.
    "swift-object-updater.service",
    "swift-object-auditor.service",
    "swift-proxy.service",
    "nginx.service",
)
UNITS = (*RUNNING, "store-bucket.service", "store-tidy.timer")


class StoreService(Service):
    """Swift with its S3 interface, and nginx for TLS."""

    name = STORE
    faults = (
        "store-off",
        "store-hung",
        "store-slow",
        "store-full",
        "store-forbidden",
        "store-corrupted",
        "store-then-primary",
    )

    def machine_packages(self) -> tuple[str, ...]:
        """Return what the machine needs; the login of the proxy refuses to work without a cache beside it."""
        return ("swift-proxy", *(f"swift-{name}" for name in SERVERS), "memcached", "nginx-light")

    def secrets(self) -> tuple[str, ...]:
        """Return the names of the secret key, and of the salt of Swift's hashes."""
        return (SECRET, HASH)

    def files(self, topology: Topology, machine: str) -> Mapping[str, File]:
        """Return path → file of the store's machine, without the secrets."""
        if not self._here(topology, machine):
            return {}
        servers = {
            f"{FOLDER}/{name}-server.conf": File(_fill("server.conf.j2", name=name, port=port, devices=DEVICES))
            for name, port in SERVERS.items()
        }
        values = {
            "name": f"{machine}.{topology.domain}",
            "certificate": TLS_CERTIFICATE,
            "key": TLS_KEY,
            "port": PORT,
            "proxy": PROXY_PORT,
        }
        # The object servers of one copy have nothing to copy: what is done is to forget.
        tidied = [name for name in SERVERS if name != "account"]
        program = resources.files(PACKAGE).joinpath("own_store.py").read_text(encoding="utf-8")
        return {
            **servers,
            **{f"{SYSTEMD}/{unit}.service.d/store.conf": File(_fill("restart.conf.j2")) for unit in OF_OTHERS},
            "/etc/nginx/nginx.conf": File(_fill("nginx.conf.j2", **values)),
            PROGRAM: File(f"#!/usr/bin/python3\n{program}", mode=0o755),
            f"{SYSTEMD}/store-bucket.service": File(_fill("bucket.service.j2", program=PROGRAM)),
            f"{SYSTEMD}/store-tidy.service": File(_fill("tidy.service.j2", servers=tidied, folder=FOLDER)),
            f"{SYSTEMD}/store-tidy.timer": File(_fill("tidy.timer.j2")),
        }

    def secret_files(self, topology: Topology, machine: str, secrets: Mapping[str, str]) -> Mapping[str, File]:
        """Return path → file of the proxy and of the machine's own program, which know the key, and of the salt."""
        if not self._here(topology, machine):
            return {}
        account, _, user = ACCESS_KEY.partition(":")
        archive = topology.archive
        region = archive.region if archive is not None and archive.store == machine else REGION
        proxy = _fill(
            "proxy-server.conf.j2", port=PROXY_PORT, account=account, user=user, key=secrets[SECRET], region=region
        )
        own = {
            "host": f"{machine}.{topology.domain}",
            "port": PORT,
            "ca": LAB_CA,
            "bucket": BUCKET,
            "region": region,
            "key": ACCESS_KEY,
            "secret": secrets[SECRET],
            "units": RUNNING,
            "devices": f"{DEVICES}/.",
        }
        return {
            f"{FOLDER}/proxy-server.conf": _of_swift(proxy),
            f"{FOLDER}/swift.conf": _of_swift(_fill("swift.conf.j2", salt=secrets[HASH])),
            str(SETTINGS): File(json.dumps(own, indent=1) + "\n", mode=0o600),
        }

    def prepare(self, topology: Topology, machine: str) -> str:
        """Return the script that makes Swift's rings: one device, one copy of everything."""
        if not self._here(topology, machine):
            return ""
        rings = _fill("rings.py.j2", folder=FOLDER, servers=SERVERS, part_power=PART_POWER)
        return _fill("prepare.sh.j2", rings=rings, devices=DEVICES)

    def units(self, topology: Topology, machine: str) -> tuple[str, ...]:
        """Return what starts on boot."""
        return UNITS if self._here(topology, machine) else ()

    def certified(self, topology: Topology, machine: str) -> bool:
        """The store speaks TLS."""
        return self._here(topology, machine)

    def check(self, topology: Topology, machine: str) -> str:
        """Return a script that looks at every server, and asks the store as a node does."""
        return f"{PROGRAM} check" if self._here(topology, machine) else ""

    def _here(self, topology: Topology, machine: str) -> bool:
        return any(one.name == machine and self.name in one.runs for one in topology.services)


def _of_swift(text: str) -> File:
    return File(text, mode=0o600, owner="swift", group="swift")


def _fill(template: str, **values: object) -> str:
    return fill(PACKAGE, template, **values)
