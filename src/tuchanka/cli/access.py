"""Commands that get into machines: exec, ssh, logs, and what other programs need to get there."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from tuchanka.cli.context import open_lab, read_topology, run, settings
from tuchanka.cli.output import show_json
from tuchanka.errors import InputError
from tuchanka.lab import keys
from tuchanka.lab.lab import Lab
from tuchanka.lab.system import hosts as hosts_file
from tuchanka.providers.base import ENVIRONMENT
from tuchanka.writing import write_atomically

Node = Annotated[str, typer.Argument(help="A machine.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    passing = {"allow_interspersed_args": False}
    app.command("exec", context_settings=passing)(execute)
    app.command("ssh", context_settings=passing)(ssh)
    app.command()(logs)
    app.command()(hosts)
    app.command("ssh-config")(ssh_config)


def _words(command: list[str]) -> list[str]:
    """Return the command without the ``--`` in front of it: the parser leaves it in once it has seen the node."""
    return command[1:] if command[:1] == ["--"] else command


def execute(
    context: typer.Context,
    node: Node,
    command: Annotated[list[str], typer.Argument(help="A command and its arguments, after --.")],
) -> None:
    """Run a command as root on a machine and pass its exit status on: [bold]tuchanka exec witness -- uptime[/]."""
    words = _words(command)
    if not words:
        raise InputError("there is no command after --", hint="tuchanka exec NODE -- COMMAND…")
    lab = open_lab(context)
    environment = {**ENVIRONMENT, "TERM": os.environ.get("TERM", "dumb")}
    inside = run(lab.machine(node).command(words))
    raise typer.Exit(_status(subprocess.run(inside, env=environment, check=False).returncode))


def _status(returned: int) -> int:
    """Return the exit status as a shell would: 128 + N for what signal N ended."""
    return returned if returned >= 0 else 128 - returned


def _config(lab: Lab) -> str:
    return keys.client_config(lab.folder, lab.topology, lab.provider.inside([]))


def ssh(
    context: typer.Context,
    node: Node,
    command: Annotated[list[str] | None, typer.Argument(help="A command, after --.", show_default="a shell")] = None,
) -> None:
    """Log in to a machine with the lab's key, in a terminal of its own."""
    lab = open_lab(context)
    lab.machine(node)
    config = lab.folder.ssh / "config"
    if not (lab.folder.ssh / "id_ed25519").exists():
        raise InputError("the lab has no keys yet", where=str(lab.folder.ssh), hint="make it with 'tuchanka up'")
    write_atomically(config, _config(lab), mode=0o600)
    sys.stdout.flush()
    os.execvp("ssh", ["ssh", "-F", str(config), node, *_words(command or [])])  # noqa: S606 - becomes ssh


def logs(
    context: typer.Context,
    node: Node,
    console: Annotated[bool, typer.Option("--console", help="Its console instead of its journal.")] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on showing new lines.")] = False,
) -> None:
    """Show a machine's journal: [bold]tuchanka logs tuchanka2a --follow[/]."""
    lab = open_lab(context)
    machine = lab.machine(node)
    if console:
        typer.echo(machine.console_log(), nl=False)
        return
    command = run(machine.command(["journalctl", "--no-pager", *(["--follow"] if follow else [])]))
    raise typer.Exit(_status(subprocess.run(command, env=ENVIRONMENT, check=False).returncode))


def hosts(context: typer.Context) -> None:
    """Print the lab's names and addresses in the format of /etc/hosts."""
    topology, _ = read_topology(context)
    if settings(context).json:
        vips = [vip for cluster in topology.clusters for instance in cluster.instances for vip in instance.vips]
        show_json({named.name: str(named.address) for named in (*topology.machines, *vips)})
    else:
        typer.echo(hosts_file(topology), nl=False)


def ssh_config(context: typer.Context) -> None:
    """Print an ssh_config for the lab's machines: [bold]tuchanka ssh-config >> ~/.ssh/config[/]."""
    typer.echo(_config(open_lab(context)), nl=False)
