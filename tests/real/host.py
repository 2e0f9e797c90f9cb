"""The host's own network, to see that a lab changes nothing about it."""

import json
import subprocess
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self

from tests.real.leftovers import interfaces


def ip(*arguments: str) -> Any:
    """Ask ip(8) and return its JSON."""
    done = subprocess.run(["ip", "-j", *arguments], capture_output=True, text=True, check=True, timeout=10)
    return json.loads(done.stdout or "[]")


@dataclass(frozen=True)
class HostNetwork:
    """Interfaces and routes of the host's own namespace."""

    interfaces: frozenset[str]
    routes: frozenset[tuple[str, str]]

    @classmethod
    def now(cls) -> Self:
        routes = [*ip("route", "show", "table", "all"), *ip("-6", "route", "show", "table", "all")]
        return cls(frozenset(interfaces()), frozenset((one["dst"], one.get("dev", "")) for one in routes))


def own_addresses() -> list[str]:
    """Return the host's addresses that others could reach it by."""
    found = [one["local"] for link in ip("addr") for one in link["addr_info"] if one["scope"] == "global"]
    return [address for address in found if not ip_address(address).is_loopback]


def way_to(address: str) -> list[dict[str, Any]]:
    """Return how the host would reach an address; nothing where it has no route for it."""
    try:
        found: list[dict[str, Any]] = ip("route", "get", address)
    except subprocess.CalledProcessError:
        return []
    return found
