"""Joins standard input and output with a TCP connection: the ProxyCommand of the lab's ssh_config.

Started inside the lab's network as ``python -m tuchanka.lab.pipe HOST PORT``.
"""

import os
import selectors
import socket
import sys

CONNECT_S = 10.0


def main() -> int:
    """Copy both ways until either side closes; return the exit status."""
    host, port = sys.argv[1], int(sys.argv[2])
    try:
        connection = socket.create_connection((host, port), timeout=CONNECT_S)
    except OSError as error:
        sys.stderr.write(f"tuchanka: no connection to {host} port {port}: {error.strerror or error}\n")
        return 3
    connection.settimeout(None)
    with connection, selectors.DefaultSelector() as selector:
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        selector.register(connection, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is connection:
                    data = connection.recv(65536)
                    if not data:
                        return 0
                    os.write(sys.stdout.fileno(), data)
                    continue
                data = os.read(sys.stdin.fileno(), 65536)
                if not data:
                    return 0
                connection.sendall(data)


if __name__ == "__main__":
    sys.exit(main())
