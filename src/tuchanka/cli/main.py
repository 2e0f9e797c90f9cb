"""The entry point: every outcome becomes an exit status, every error one line."""

import os
import signal
import sys
from collections.abc import Sequence

from typer.exceptions import Abort, Exit, TyperException
from typer.main import get_command

from tuchanka.cli.app import app
from tuchanka.cli.context import Globals
from tuchanka.errors import HostError, InputError, TuchankaError

# Options of the whole program, which people also write after the command.
WITH_VALUE = ("--lab", "--topology")
FLAGS = ("--json",)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 = did it and it holds, 1 = a finding, 2 = bad input, 3 = could not do it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: heals, and says so
    try:
        status = _run(globals_first(list(sys.argv[1:] if argv is None else argv)))
        sys.stdout.flush()
    except TyperException as error:
        what = error.format_message().rstrip(".") or "a command is missing"
        return _say(InputError(what, hint="see 'tuchanka --help'"))
    except TuchankaError as error:
        return _say(error)
    except BrokenPipeError:
        # The reader of the output has closed it; nothing more is to be written at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 3
    except OSError as error:
        what = error.strerror or str(error) or type(error).__name__
        return _say(
            HostError(what, where=str(error.filename or ""), hint="is there room, and may you do that there?")
        )
    except (KeyboardInterrupt, Abort) as interrupt:
        sys.stderr.write(f"tuchanka: interrupted; {str(interrupt) or 'running the command again goes on'}\n")
        return 3
    return status


def _run(arguments: list[str]) -> int:
    """Run a command; not by calling the app, which would make of Ctrl-C and a closed pipe a status of its own."""
    command = get_command(app)
    try:
        with command.make_context("tuchanka", arguments, obj=Globals()) as context:
            command.invoke(context)
    except Exit as end:
        return end.exit_code
    return 0


def globals_first(arguments: list[str]) -> list[str]:
    """Move the program's own options in front of the command, wherever they stand before ``--``.

    Raises:
        InputError: an option that stands last lacks its value.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    ours, rest = [], []
    words = iter(arguments[:end])
    for word in words:
        if word in WITH_VALUE:
            value = next(words, None)
            if value is None:
                raise InputError(f"Option {word!r} requires an argument", hint="see 'tuchanka --help'")
            ours += [word, value]
        elif word in FLAGS or word.startswith(tuple(f"{name}=" for name in WITH_VALUE)):
            ours.append(word)
        else:
            rest.append(word)
    return [*ours, *rest, *arguments[end:]]


def _say(error: TuchankaError) -> int:
    sys.stderr.write(f"tuchanka: error: {error}\n")
    return error.exit_status
