"""The files that the helpers of a node are made of: the programs of this folder, and the settings that they read.

The programs are put on a node as they are; what differs between clusters is in ``/etc/tuchanka/helpers.conf``.
Nothing here knows the stack or its timing: values come as arguments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from tuchanka.files import File
from tuchanka.topology.types import Helpers

FOLDER = "/usr/lib/ocf/resource.d/tuchanka"
AGENT = f"{FOLDER}/pgsqlms"
SHORTCUTS = f"{FOLDER}/paf_shortcuts.pl"
FIRST_AID = f"{FOLDER}/first_aid.pl"
CAUGHT_UP = f"{FOLDER}/caught-up"
SETTINGS = "/etc/tuchanka/helpers.conf"
WATCH = "/usr/local/sbin/pacemaker-watch"
POSTGRES_WATCH = "/usr/local/sbin/postgres-watch"
RULES = "/etc/tuchanka/vips.nft"
UNITS = "/etc/systemd/system"
SBIN = "/usr/sbin"
"""Where Pacemaker looks for fence agents."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the helpers of one node are told.

    ``hang_s``, ``again_s`` and ``silent_s`` are first aid's, ``stopped_s`` the patience of the watch over the
    servers, ``patience_s`` that of the watch over Pacemaker, all in seconds; ``primary_addresses`` maps each instance
    to the address of its primary; ``floating_addresses`` are all of the cluster's; ``failback`` says whether an
    instance moves its primary back by itself; ``fence_agents`` are those that have a watchdog behind them.
    """

    hang_s: int
    again_s: int
    silent_s: int
    stopped_s: float
    patience_s: float
    primary_addresses: Mapping[str, str]
    floating_addresses: Sequence[str]
    failback: bool
    fence_agents: Sequence[str] = ()


def agent(helpers: Helpers) -> str:
    """Return the resource agent of the instances: PAF's own, or the one that wraps it."""
    return "ocf:tuchanka:pgsqlms" if wrapped(helpers) else "ocf:heartbeat:pgsqlms"


def at_once(fence_agent: str) -> str:
    """Return the fence agent that counts the watchdog's time from when it asks the device."""
    return f"{fence_agent}_at_once"


def wrapped(helpers: Helpers) -> bool:
    """Say whether a helper that is on works within PAF's agent."""
    return helpers.first_aid or helpers.paf_order or helpers.paf_shortcuts or helpers.forget_address


def watched(helpers: Helpers) -> bool:
    """Say whether servers are watched; the watch only calls first aid, so it is nothing without that."""
    return helpers.first_aid and helpers.postgres_watch


def helper_files(helpers: Helpers, settings: Settings) -> dict[str, File]:
    """Return path → file of the helpers that are on, the same on every node of a cluster; none: nothing."""
    files: dict[str, File] = {}
    if wrapped(helpers):
        files[AGENT] = _program("pgsqlms.pl")
    if helpers.paf_shortcuts:
        files[SHORTCUTS] = File(text("paf_shortcuts.pl"))
    if helpers.first_aid:
        files[FIRST_AID] = File(text("first_aid.pl"))
    if watched(helpers):
        files[POSTGRES_WATCH] = _program("postgres_watch.pl")
        files |= _unit("postgres-watch.service", drop_in="postgres-watch.conf")
    if helpers.caught_up and settings.failback:
        files[CAUGHT_UP] = _program("caught_up.sh")
    if helpers.pacemaker_watch:
        files[WATCH] = _program("pacemaker_watch.pl")
        files |= _unit("pacemaker-watch.service", drop_in="tuchanka.conf", service="RestartSec=10ms\n")
    if helpers.refuse_elsewhere:
        files[RULES] = File(text("vips.nft"))
        files |= _unit("vips-elsewhere.service", drop_in="vips.conf")
    if helpers.fencing_at_once:
        files |= {f"{SBIN}/{at_once(agent)}": _program("fence_at_once.pl") for agent in settings.fence_agents}
    lines = settings_lines(helpers, settings)
    return files | ({SETTINGS: File("".join(f"{line}\n" for line in lines))} if files and lines else {})


def settings_lines(helpers: Helpers, settings: Settings) -> list[str]:
    """Return the lines of the settings file: only what a helper that is on, or the agent that it shares, reads."""
    lines = []
    if wrapped(helpers):
        parts = ("first_aid", "postgres_watch", "paf_order", "paf_shortcuts", "forget_address")
        lines += [f"{part.upper()}={'yes' if getattr(helpers, part) else 'no'}" for part in parts]
    if helpers.first_aid:
        lines += [
            f"FIRST_AID_HANG_S={settings.hang_s}",
            f"FIRST_AID_SILENT_S={settings.silent_s}",
            f"FIRST_AID_AGAIN_S={settings.again_s}",
        ]
    if watched(helpers):
        lines.append(f"WATCH_STOPPED_S={settings.stopped_s:.2f}")
    if helpers.forget_address:
        lines += [f"PRIMARY_ADDRESS_{name}={address}" for name, address in sorted(settings.primary_addresses.items())]
    if helpers.pacemaker_watch:
        lines.append(f"WATCH_PATIENCE_S={settings.patience_s:.2f}")
    if helpers.refuse_elsewhere:
        lines.append(f"FLOATING_ADDRESSES={','.join(settings.floating_addresses)}")
    if not lines:
        return []
    return ["# Settings of the helpers on this node, NAME=value: docs/helpers.md of tuchanka explains them.", *lines]


def text(name: str) -> str:
    """Return one of this folder's files."""
    return resources.files("tuchanka.helpers").joinpath(name).read_text(encoding="utf-8")


def _program(name: str) -> File:
    return File(text(name), mode=0o755)


def _unit(name: str, *, drop_in: str, service: str = "") -> dict[str, File]:
    """Return the unit, and what makes Pacemaker bring it along; it stays when Pacemaker is stopped.

    By default systemd waits a second before it starts pacemakerd again, and sbd doesn't wait as long.
    """
    pacemaker = f"[Unit]\nWants={name}\n" + (f"\n[Service]\n{service}" if service else "")
    return {
        f"{UNITS}/{name}": File(text(name)),
        f"{UNITS}/pacemaker.service.d/{drop_in}": File(pacemaker),
    }
