import socket

from hypothesis import example, given
from hypothesis import strategies as st

from tuchanka.heartbeat.arp import REPLY, REQUEST, Arp, parse, request

OURS = bytes.fromhex("02004c4f5054")
# A reply as a node sends it, and the gratuitous request by which IPaddr2 announces a VIP.
ANSWER = bytes.fromhex("02004c4f50541ae1b0a7b5f9080600010800060400021ae1b0a7b5f9c0a8596702004c4f505400000000")
ANNOUNCEMENT = bytes.fromhex("ffffffffffff1ae1b0a7b5f9080600010800060400011ae1b0a7b5f9c0a85967ffffffffffffc0a85967")


def test_a_request_says_nothing_of_ourselves_that_others_would_note() -> None:
    frame = request(OURS, "192.168.89.103")
    assert len(frame) == 42
    assert parse(frame) == Arp(REQUEST, "02:00:4c:4f:50:54", "0.0.0.0", "192.168.89.103")  # noqa: S104 - no address at all


def test_an_answer_and_an_announcement() -> None:
    answer, announcement = parse(ANSWER), parse(ANNOUNCEMENT)
    assert answer == Arp(REPLY, "1a:e1:b0:a7:b5:f9", "192.168.89.103", "0.0.0.0")  # noqa: S104
    assert not answer.gratuitous
    assert announcement is not None
    assert announcement.gratuitous
    # The kernel pads short frames.
    assert parse(ANSWER + b"\0" * 18) == answer


@given(st.binary(max_size=80))
@example(ANSWER[:41])
@example(ANSWER.replace(b"\x08\x06", b"\x08\x00"))
@example(ANSWER.replace(b"\x06\x04\x00\x02", b"\x06\x04\x00\x08"))
def test_anything_else_is_nothing(frame: bytes) -> None:
    assert parse(frame) is None


@given(st.binary(min_size=6, max_size=6), st.ip_addresses(v=4))
def test_any_address(hardware: bytes, address: object) -> None:
    found = parse(request(hardware, str(address)))
    assert found is not None
    assert (found.hardware, found.about) == (hardware.hex(":"), str(address))
    assert socket.inet_aton(found.about)
