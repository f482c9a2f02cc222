"""Our bytes against paho's own reader and writer, which every other client of this hub uses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from services.runtime.bus.publish_packet import MalformedPacket, decode, decode_acknowledgement, encode_properties

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)
QOS_1 = 0x02


def paho_properties() -> Properties:
    return Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho's constructor has no annotations


@given(
    topic=st.none() | TEXT.filter(bool),
    correlation=st.none() | st.binary(max_size=300),
    expiry_s=st.none() | st.integers(0, 2**32 - 1),
    user=st.lists(st.tuples(TEXT, TEXT), max_size=6),
)
def test_paho_reads_what_was_encoded(
    topic: str | None, correlation: bytes | None, expiry_s: int | None, user: list[tuple[str, str]]
) -> None:
    encoded = encode_properties(response_topic=topic, correlation=correlation, expiry_s=expiry_s, user=tuple(user))

    if encoded is None:
        assert (topic, correlation, expiry_s, user) == (None, None, None, [])
        return
    read = paho_properties()
    read.unpack(encoded.pack())  # type: ignore[no-untyped-call]
    assert getattr(read, "ResponseTopic", None) == topic
    assert getattr(read, "CorrelationData", None) == correlation
    assert getattr(read, "MessageExpiryInterval", None) == expiry_s
    assert getattr(read, "UserProperty", []) == user


@given(
    topic=TEXT,
    payload=st.binary(max_size=300),
    mid=st.integers(1, 65535),
    response_topic=TEXT,
    correlation=st.binary(max_size=300),
    expiry_s=st.integers(0, 2**32 - 1),
    user=st.lists(st.tuples(TEXT, TEXT), max_size=6, unique_by=lambda pair: pair[0]),
    content_type=TEXT,
    retained=st.booleans(),
)
def test_what_paho_writes_is_read(  # noqa: PLR0917
    topic: str,
    payload: bytes,
    mid: int,
    response_topic: str,
    correlation: bytes,
    expiry_s: int,
    user: list[tuple[str, str]],
    content_type: str,
    retained: bool,
) -> None:
    properties = paho_properties()
    properties.ResponseTopic = response_topic
    properties.CorrelationData = correlation
    properties.MessageExpiryInterval = expiry_s
    properties.ContentType = content_type
    properties.PayloadFormatIndicator = 1
    if user:
        properties.UserProperty = user
    told = topic.encode()
    packet = len(told).to_bytes(2, "big") + told + mid.to_bytes(2, "big") + bytes(properties.pack()) + payload  # type: ignore[no-untyped-call]

    read = decode(QOS_1 | retained, packet)

    assert read == (topic, payload, retained, mid, response_topic, correlation, expiry_s, dict(user))


@given(flags=st.integers(0, 15), packet=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(flags: int, packet: bytes) -> None:
    """Nothing else comes of them: no crash, no endless loop."""
    try:
        read = decode(flags, packet)
    except MalformedPacket:
        return
    assert packet.endswith(read.payload)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x00",
        b"\x00\x05ab",
        b"\x00\x01t\x00\x01",
        b"\x00\x01t\x00\x01\x05\x26\x00\x01a",
        b"\x00\x01t\x00\x01\x02\x7f\x00",
        b"\x00\x01t\x00\x01\x01\x02\x00\x00\x00\x05",
        b"\x00\x01t\x00\x01\xff\xff\xff\xff\x01",
        b"\x00\x01\xff\x00\x01\x00",
    ],
)
def test_a_packet_that_is_none_is_refused(packet: bytes) -> None:
    with pytest.raises(MalformedPacket):
        decode(QOS_1, packet)


@given(mid=st.integers(1, 65535), code=st.integers(0, 255), properties=st.binary(max_size=20))
def test_an_acknowledgement_is_read_however_much_it_says(mid: int, code: int, properties: bytes) -> None:
    """MQTT 5.0, 3.4.2.1: without a reason code all is well; what may follow one is of no use here."""
    packet = mid.to_bytes(2, "big")

    assert decode_acknowledgement(packet) == (mid, 0)
    assert decode_acknowledgement(packet + bytes([code]) + properties) == (mid, code)


@pytest.mark.parametrize("packet", [b"", b"\x01"])
def test_an_acknowledgement_of_nothing_is_refused(packet: bytes) -> None:
    with pytest.raises(MalformedPacket):
        decode_acknowledgement(packet)
