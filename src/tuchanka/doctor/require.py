"""Refusing a host that lacks something, in one line."""

from collections.abc import Sequence
from pathlib import Path

from tuchanka.doctor.examination import STATE_FOLDER, examine, is_debian_like
from tuchanka.doctor.findings import install_command
from tuchanka.errors import HostError
from tuchanka.providers.host import HostCheck


def require_host(provider: str, *, state: Path = STATE_FOLDER) -> None:
    """Go on only where the provider can build a lab whose machines are kept in ``state``.

    Raises:
        TopologyError: there is no such provider.
        HostError: names everything that is missing and the commands that put it right.
    """
    complain(examine(provider, state=state), debian_like=is_debian_like())


def complain(checks: Sequence[HostCheck], *, debian_like: bool) -> None:
    """Raise what ``checks`` found; pure. All missing packages go into one command.

    Raises:
        HostError: at least one check isn't ok.
    """
    lacking = [check for check in checks if not check.ok]
    if not lacking:
        return
    if any(check.name == "root" for check in lacking):
        raise HostError("only root can make machines and networks", hint="run the command again through sudo")
    named = [check.name if check.found == "missing" else f"{check.name} ({check.found})" for check in lacking]
    packages = [check.package for check in lacking if check.package]
    steps = [install_command(packages, debian_like=debian_like)] if packages else []
    steps += [check.remedy for check in lacking if not check.package]
    raise HostError(f"this host lacks {', '.join(named)}", hint="; ".join(dict.fromkeys(steps)))
