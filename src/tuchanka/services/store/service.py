"""The store as a service: packages, files and units of its machine.

One copy of everything, on the machine's data disk: it is as durable as that disk, and no more. Swift keeps a hash
with each object; its auditor puts aside what has been damaged. Source: OpenStack Swift, "Instructions for a Multiple
Server Swift Installation" and "S3/Swift REST API Comparison Matrix"; the sample files of the packages.
"""

from collections.abc import Mapping

from tuchanka.files import File
from tuchanka.services.base import TLS_CERTIFICATE, TLS_KEY, Service
from tuchanka.services.store import ACCESS_KEY, PORT, SECRET
from tuchanka.templating import fill
from tuchanka.topology.archive import BUCKET, STORE
from tuchanka.topology.types import Topology

PACKAGE = "tuchanka.services.store"
HASH = "store_hash"
"""The name of the secret with which Swift hashes names: with another one it finds nothing of what it has."""
FOLDER = "/etc/swift"
DEVICES = "/srv/node"
PROXY_PORT = 8080
SERVERS = {"account": 6202, "container": 6201, "object": 6200}
"""Swift's servers behind the proxy, and their ports, which no other machine reaches."""
UNITS = (
    "memcached",
    *(f"swift-{name}" for name in SERVERS),
    # What a server that was away for a moment has not been told, and what has been damaged.
    "swift-object-updater",
    "swift-object-auditor",
    "swift-proxy",
    "nginx",
    "store-bucket",
)


class StoreService(Service):
    """Swift with its S3 interface, and nginx for TLS."""

    name = STORE

    def machine_packages(self) -> tuple[str, ...]:
        """Return what the machine needs."""
        return ("swift-proxy", *(f"swift-{name}" for name in SERVERS), "memcached", "nginx-light", "curl")

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
        return servers | {
            "/etc/nginx/nginx.conf": File(_fill("nginx.conf.j2", **values)),
            f"{FOLDER}/internal-client.conf": File(_fill("internal-client.conf.j2")),
            "/usr/lib/tuchanka/store-bucket": File(
                _fill("bucket.py.j2", account=ACCESS_KEY.partition(":")[0], bucket=BUCKET), mode=0o755
            ),
            "/etc/systemd/system/store-bucket.service": File(_fill("bucket.service.j2")),
        }

    def secret_files(self, topology: Topology, machine: str, secrets: Mapping[str, str]) -> Mapping[str, File]:
        """Return path → file of the proxy, which knows the key, and of the salt."""
        if not self._here(topology, machine):
            return {}
        account, _, user = ACCESS_KEY.partition(":")
        region = topology.archive.region if topology.archive else "us-east-1"
        proxy = _fill(
            "proxy-server.conf.j2", port=PROXY_PORT, account=account, user=user, key=secrets[SECRET], region=region
        )
        swift = _fill("swift.conf.j2", salt=secrets[HASH])
        return {
            f"{FOLDER}/proxy-server.conf": File(proxy, mode=0o640, group="swift"),
            f"{FOLDER}/swift.conf": File(swift, mode=0o640, group="swift"),
        }

    def prepare(self, topology: Topology, machine: str) -> str:
        """Return the script that makes Swift's rings: one device, one copy of everything."""
        if not self._here(topology, machine):
            return ""
        return _fill("rings.sh.j2", folder=FOLDER, devices=DEVICES, servers=SERVERS)

    def units(self, topology: Topology, machine: str) -> tuple[str, ...]:
        """Return what starts on boot."""
        return tuple(f"{name}.service" for name in UNITS) if self._here(topology, machine) else ()

    def certified(self, topology: Topology, machine: str) -> bool:
        """The store speaks TLS."""
        return self._here(topology, machine)

    def check(self, topology: Topology, machine: str) -> str:
        """Return a script that asks every server how it is."""
        if not self._here(topology, machine):
            return ""
        return _fill("check.sh.j2", units=UNITS, name=f"{machine}.{topology.domain}", port=PORT)

    def _here(self, topology: Topology, machine: str) -> bool:
        return any(one.name == machine and self.name in one.runs for one in topology.services)


def _fill(template: str, **values: object) -> str:
    return fill(PACKAGE, template, **values)
