"""How ``mon`` shows what it sees: a view on a terminal, else a line for every change."""

import asyncio
import json
import sys
import time

import typer

from tuchanka.cli.context import run
from tuchanka.stacks.pacemaker.health import problems
from tuchanka.tui.changes import INTERVAL_S, MARKS, Changes, Look, Seen


def watch(look: Look, names: list[str], *, as_json: bool) -> None:
    """Look until Ctrl-C (or ``q``).

    Raises:
        TuchankaError: looking failed.
    """
    if sys.stdout.isatty() and sys.stdin.isatty() and not as_json:
        # Textual takes half a second to import: only who looks waits for it.
        from tuchanka.tui.mon import Mon  # noqa: PLC0415

        view = Mon(look, names)
        view.run()
        if view.failure is not None:
            raise view.failure
        return
    try:
        run(_lines(look, as_json=as_json))
    except KeyboardInterrupt:
        return


async def _lines(look: Look, *, as_json: bool) -> None:
    """Write whether each cluster is healthy, then each change, with the time at which it was seen."""
    compared = Changes()
    first = await look()
    for cluster, state in first:
        reasons = problems(state, cluster)
        _write(cluster.name, "; ".join(reasons) or "healthy", "bad" if reasons else "good", as_json=as_json)
    seen: Seen = first
    while True:
        for change in compared.take(seen):
            _write(change.cluster, change.text, change.tone, as_json=as_json)
        await asyncio.sleep(INTERVAL_S)
        seen = await look()


def _write(cluster: str, text: str, tone: str, *, as_json: bool) -> None:
    when = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    if as_json:
        typer.echo(json.dumps({"time": when, "cluster": cluster, "tone": tone, "text": text}))
    else:
        typer.echo(f"{when} {MARKS[tone]} {cluster}: {text}")
    sys.stdout.flush()
