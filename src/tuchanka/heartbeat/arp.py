"""ARP over Ethernet: a request for an address, and what others say. Pure.

Source: RFC 826; RFC 5227 for the request without a sender's address, which changes nobody's table.
"""

import socket
import struct
from dataclasses import dataclass

ETHERTYPE = 0x0806
REQUEST, REPLY = 1, 2
BROADCAST, NOBODY = b"\xff" * 6, b"\x00" * 6
_HEADER = struct.Struct("!6s6sH")
_BODY = struct.Struct("!HHBBH6s4s6s4s")
_ETHERNET_IPV4 = (1, 0x0800, 6, 4)


@dataclass(frozen=True, slots=True)
class Arp:
    """What an ARP packet says: ``hardware`` has ``address``; it is about ``about``."""

    operation: int
    hardware: str
    address: str
    about: str

    @property
    def gratuitous(self) -> bool:
        """Whether somebody tells all others, unasked, where an address is."""
        return self.address == self.about


def request(hardware: bytes, address: str) -> bytes:
    """Return the frame that asks everybody who has ``address``; ``hardware`` is the asker's."""
    body = _BODY.pack(*_ETHERNET_IPV4, REQUEST, hardware, b"\x00" * 4, NOBODY, socket.inet_aton(address))
    return _HEADER.pack(BROADCAST, hardware, ETHERTYPE) + body


def parse(frame: bytes) -> Arp | None:
    """Read a frame; ``None`` if it is no ARP for IPv4 over Ethernet."""
    if len(frame) < _HEADER.size + _BODY.size:
        return None
    _, _, ethertype = _HEADER.unpack_from(frame)
    *kind, operation, hardware, address, _, about = _BODY.unpack_from(frame, _HEADER.size)
    if ethertype != ETHERTYPE or tuple(kind) != _ETHERNET_IPV4 or operation not in {REQUEST, REPLY}:
        return None
    return Arp(operation, hardware.hex(":"), socket.inet_ntoa(address), socket.inet_ntoa(about))
