"""What the recorder is told: one line of JSON on its standard input.

The password travels only this way: never in argv, the environment, a log or an event.
"""

import ipaddress
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from tuchanka.errors import InputError
from tuchanka.heartbeat.schema import check_run

HINT = "the recorder reads what heartbeat.config.to_json writes"
MAX_DURATION_S = 366 * 86400.0


@dataclass(frozen=True, slots=True)
class Reader:
    """A standby VIP that is read through: its name and IP address."""

    vip: str
    address: str


@dataclass(frozen=True, slots=True)
class Probe:
    """A node that is asked directly for its role: its name and IP address."""

    node: str
    address: str


@dataclass(frozen=True, slots=True)
class InstanceConfig:
    """One instance to write to, read from and probe. Addresses are IP addresses: a name would need a resolver.

    ``primary`` is the address of the primary VIP, ``vip`` its name.
    """

    name: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    primary: str
    readers: tuple[Reader, ...] = ()
    probes: tuple[Probe, ...] = ()
    vip: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """A run of the recorder.

    ``rate`` is beats per second; ``deadline_s`` covers connect and statement of one beat; ``duration_s`` None
    means until told to stop.
    """

    run: str
    instances: tuple[InstanceConfig, ...]
    rate: float = 10.0
    deadline_s: float = 1.0
    duration_s: float | None = None


def to_json(config: Config) -> str:
    """Return the config as one line of JSON, without the line's end. It holds the password."""
    return json.dumps(asdict(config), separators=(",", ":"))


def from_json(line: str) -> Config:
    """Read the config line.

    Raises:
        InputError: it is no config, or a figure or address is out of bounds. The message never shows the line,
            which may hold a password.
    """
    try:
        values: dict[str, Any] = json.loads(line)
        instances = tuple(_instance(one) for one in values.pop("instances"))
        config = Config(run=str(values.pop("run")), instances=instances, **values)
        sound = (
            0 < config.rate <= 100
            and 0 < config.deadline_s <= 60
            and (config.duration_s is None or 0 < config.duration_s <= MAX_DURATION_S)
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError("not a config of the heartbeat", where="standard input", hint=HINT) from error
    if not sound:
        raise InputError(
            f"rate {config.rate}, deadline {config.deadline_s} or duration {config.duration_s} is out of bounds",
            where="standard input",
            hint="rate up to 100/s, deadline up to 60 s, duration up to a year, all above 0",
        )
    check_run(config.run)
    return config


def _instance(values: dict[str, Any]) -> InstanceConfig:
    readers = tuple(Reader(**one) for one in values.pop("readers", ()))
    probes = tuple(Probe(**one) for one in values.pop("probes", ()))
    instance = InstanceConfig(readers=readers, probes=probes, **values)
    for address in (instance.primary, *(one.address for one in readers), *(one.address for one in probes)):
        ipaddress.ip_address(address)
    return instance
