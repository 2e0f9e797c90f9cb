"""Says by ARP to everybody, three times within a second, that addresses are this machine's: ``announce.py ADDRESS…``.

Of an address that it hasn't it says nothing. Each time it is a request and an answer (RFC 5227, section 3).
"""

import json
import socket
import subprocess
import sys
import time

EVERYBODY = b"\xff" * 6
HEADER = b"\x08\x06\0\1\x08\0\x06\x04\0"


def announce(address: str) -> None:
    """Say it on each interface that has the address."""
    seen = subprocess.run(["ip", "-json", "-4", "address", "show", "to", address], check=True, capture_output=True)
    for interface in [one["ifname"] for one in json.loads(seen.stdout) if one]:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind((interface, 0))
            mac, ip = wire.getsockname()[4], socket.inet_aton(address)
            for kind in (b"\1", b"\2"):
                wire.send(EVERYBODY + mac + HEADER + kind + mac + ip + EVERYBODY + ip)


if __name__ == "__main__":
    for _ in range(3):
        for each in sys.argv[1:]:
            announce(each)
        time.sleep(0.3)
