"""Who holds the VIPs: everybody on the lab's network is asked twice a second, by ARP.

A node answers for an address as long as its kernel has it, whatever Pacemaker believes; two answers to one request
are two holders. Where this can't be asked (no right to raw sockets, no Ethernet) nothing is said, and the checker
says that nothing was.
"""

import asyncio
import contextlib
import fcntl
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tuchanka.events import Event, VipAnnounced, VipHolders
from tuchanka.heartbeat import arp
from tuchanka.heartbeat.config import InstanceConfig

EVERY_S = 0.5
FRAME_BYTES = 2048
SIOCGIFADDR = 0x8915  # netdevice(7)
ETHERNET = 1  # ARPHRD_ETHER of linux/if_arp.h


async def watch_vips(instances: Sequence[InstanceConfig], emit: Callable[[Event], None]) -> None:
    """Ask until cancelled, and emit who answered; ends at once where it can't be asked."""
    with _packets(instances[0].primary if instances else "") as packets:
        if packets is None:
            return
        loop = asyncio.get_running_loop()
        round_ = _Round(instances, emit)

        def hear() -> None:
            with contextlib.suppress(OSError):  # the interface went down: said once, by the next call
                round_.hear(packets.recv(FRAME_BYTES), loop.time())

        loop.add_reader(packets, hear)
        try:
            hardware = packets.getsockname()[4]
            while True:
                round_.begin(loop.time())
                for address in round_.addresses:
                    with contextlib.suppress(OSError):  # the network is gone, or busy: nobody answers, then
                        packets.send(arp.request(hardware, address))
                await asyncio.sleep(EVERY_S)
                round_.end()
        finally:
            loop.remove_reader(packets)


class _Round:
    """One request for every address, and what was heard since. No I/O."""

    def __init__(self, instances: Sequence[InstanceConfig], emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._nodes = {probe.address: probe.node for one in instances for probe in one.probes}
        self._vips = {
            address: (one.name, name)
            for one in instances
            for name, address in (
                (one.vip or one.name, one.primary),
                *((each.vip, each.address) for each in one.readers),
            )
        }
        self._names: dict[str, str] = {}
        self._due = 0.0
        self._heard: dict[str, dict[str, float]] = {}

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address to ask for; the nodes' own tell whose hardware it is."""
        return (*self._nodes, *self._vips)

    def begin(self, now: float) -> None:
        self._due, self._heard = now, {}

    def hear(self, frame: bytes, now: float) -> None:
        said = arp.parse(frame)
        if said is None:
            return
        if said.address in self._nodes:
            self._names[said.hardware] = self._nodes[said.address]
        if said.address not in self._vips:
            return
        if said.gratuitous:
            instance, vip = self._vips[said.address]
            self._emit(VipAnnounced(now, instance, vip, self._name(said.hardware)))
        elif said.operation == arp.REPLY:
            self._heard.setdefault(said.address, {})[said.hardware] = now

    def end(self) -> None:
        for address, (instance, vip) in self._vips.items():
            heard = self._heard.get(address, {})
            nodes = sorted({self._name(hardware) for hardware in heard})
            self._emit(VipHolders(max(heard.values(), default=self._due), instance, vip, self._due, nodes))

    def _name(self, hardware: str) -> str:
        return self._names.get(hardware, hardware)


@contextmanager
def _packets(address: str) -> Iterator[socket.socket | None]:
    """Open a socket for ARP on the interface by which ``address`` is reached; None where there is none to be had."""
    name = _interface_to(address) if address else None
    try:
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(arp.ETHERTYPE))
    except PermissionError:
        yield None
        return
    with packets:
        if name is not None:
            packets.bind((name, arp.ETHERTYPE))
        yield packets if name is not None and packets.getsockname()[3] == ETHERNET else None


def _interface_to(address: str) -> str | None:
    """Return the interface that has the address from which ``address`` is spoken to. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))
        except OSError:
            return None
        own = socket.inet_aton(probe.getsockname()[0])
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):  # an interface without an address
                if fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("256s", name.encode()))[20:24] == own:
                    return name
    return None
