"""Our bytes against paho's own reader, which every client of this hub uses."""

from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from services.runtime.publish_properties import encode

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)


@given(
    topic=st.none() | TEXT.filter(bool),
    correlation=st.none() | st.binary(max_size=300),
    expiry_s=st.none() | st.integers(0, 2**32 - 1),
    user=st.lists(st.tuples(TEXT, TEXT), max_size=6),
)
def test_paho_reads_what_was_encoded(
    topic: str | None, correlation: bytes | None, expiry_s: int | None, user: list[tuple[str, str]]
) -> None:
    encoded = encode(response_topic=topic, correlation=correlation, expiry_s=expiry_s, user=tuple(user))

    if encoded is None:
        assert (topic, correlation, expiry_s, user) == (None, None, None, [])
        return
    read = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho's constructor has no annotations
    read.unpack(encoded.pack())  # type: ignore[no-untyped-call]
    assert getattr(read, "ResponseTopic", None) == topic
    assert getattr(read, "CorrelationData", None) == correlation
    assert getattr(read, "MessageExpiryInterval", None) == expiry_s
    assert getattr(read, "UserProperty", []) == user
