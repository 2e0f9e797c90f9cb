"""``python -m tuchanka.heartbeat``: the recorder as a process of its own, to be started in the lab's network.

Standard input: one config line, then kept open; its end ends the recorder, so it can't outlive its parent.
Standard output: one history event a line. Exit status: 0 = ended as told; 2 = bad config; 3 = no config came.
"""

import asyncio
import contextlib
import signal
import sys

from tuchanka.errors import TuchankaError
from tuchanka.events import to_json
from tuchanka.heartbeat.config import Config, from_json
from tuchanka.heartbeat.output import Lines, read_config_line, watch_for_end
from tuchanka.heartbeat.recorder import record

STDIN, STDOUT = 0, 1
CONFIG_TIMEOUT_S = 10.0
LAST_LINES_TIMEOUT_S = 2.0


async def _run(config: Config) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def stop_from_thread() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended already: nothing is left to stop
            loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    lines = Lines(STDOUT, broken=stop_from_thread)
    watch_for_end(STDIN, stop_from_thread)
    try:
        await record(config, lambda event: lines.put(to_json(event)), stop)
    finally:
        lines.close(LAST_LINES_TIMEOUT_S)


def main() -> int:
    """Read the config line, record, and return the exit status."""
    try:
        config = from_json(read_config_line(STDIN, CONFIG_TIMEOUT_S))
    except TuchankaError as error:
        sys.stderr.write(f"heartbeat: {error}\n")
        return error.exit_status
    except KeyboardInterrupt:
        return 0
    asyncio.run(_run(config))
    return 0


if __name__ == "__main__":
    sys.exit(main())
