"""The entry point: every outcome becomes an exit status, every error one line."""

import signal
import sys
from collections.abc import Sequence

from typer.exceptions import TyperException

from tuchanka.cli.app import app
from tuchanka.cli.context import Globals
from tuchanka.errors import InputError, TuchankaError

# Options of the whole program, which people also write after the command.
WITH_VALUE = ("--lab", "--topology")
FLAGS = ("--json",)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 = did it and it holds, 1 = a finding, 2 = bad input, 3 = could not do it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: heals, and says so
    try:
        arguments = globals_first(list(sys.argv[1:] if argv is None else argv))
        status = app(arguments, standalone_mode=False, prog_name="tuchanka", obj=Globals())
    except TyperException as error:
        return _say(InputError(error.format_message().rstrip("."), hint="see 'tuchanka --help'"))
    except TuchankaError as error:
        return _say(error)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the output has had enough
        return 3
    except KeyboardInterrupt:
        sys.stderr.write("tuchanka: interrupted; running the command again goes on\n")
        return 3
    return status if isinstance(status, int) else 0


def globals_first(arguments: list[str]) -> list[str]:
    """Move the program's own options in front of the command, wherever they stand before ``--``."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    ours, rest = [], []
    words = iter(arguments[:end])
    for word in words:
        if word in WITH_VALUE:
            ours += [word, *([value] if (value := next(words, None)) is not None else [])]
        elif word in FLAGS or word.startswith(tuple(f"{name}=" for name in WITH_VALUE)):
            ours.append(word)
        else:
            rest.append(word)
    return [*ours, *rest, *arguments[end:]]


def _say(error: TuchankaError) -> int:
    sys.stderr.write(f"tuchanka: error: {error}\n")
    return error.exit_status
