"""Topics are spelled one way, and hostile ones name nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout import RegisterSale
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.selling import AddLineItem
from contracts.devices import DeviceState
from contracts.policy.telling import PolicyRevision
from contracts.topics import FOLLOWS, SERVICES, BadSegment, EventTopic, RequestTopic, Topics, segment

TOPICS = Topics("store-1")
HOSTILE = ["", "+", "#", "a/b", "A", "till 1", "till-1\n", "\n", "ä", "$share", "a" * 65, "..", "a\0", "a.b", "٣"]


def test_each_class_of_topic_is_spelled_with_the_class_before_the_owner() -> None:
    spelled = {
        TOPICS.request("checkout", AddLineItem, "till-1"): "request/checkout/add-line-item/till-1",
        TOPICS.reply("till-1", "checkout"): "reply/till-1/checkout",
        TOPICS.event_of(SaleCompleted): "event/checkout/sale-completed",
        TOPICS.state(PolicyRevision): "state/policy/settings",
        TOPICS.state(DeviceState, device="printer-1"): "state/devices/printer-1",
        TOPICS.private(RegisterSale, "till-1"): "private/checkout/till-1/sale",
        TOPICS.status("till-1"): "status/till-1",
    }

    assert all(topic == f"tillwire/v1/store-1/{below}" for topic, below in spelled.items())


def test_what_is_spelled_is_read_back() -> None:
    request = TOPICS.parse_request(TOPICS.request("checkout", AddLineItem, "till-1"))
    event = TOPICS.parse_event(TOPICS.event_of(SaleCompleted))

    assert request == RequestTopic("checkout", "add-line-item", "till-1")
    assert event == EventTopic("checkout", "sale-completed")
    assert TOPICS.parse_status(TOPICS.status("till-1")) == "till-1"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_segment_is_refused_wherever_a_topic_takes_one(text: str) -> None:
    for spell in (
        lambda: segment(text),
        lambda: Topics(text),
        lambda: TOPICS.request("checkout", AddLineItem, text),
        lambda: TOPICS.reply(text, "checkout"),
        lambda: TOPICS.event("checkout", text),
        lambda: TOPICS.state(DeviceState, device=text),
        lambda: TOPICS.private(RegisterSale, text),
        lambda: TOPICS.status(text),
    ):
        with pytest.raises(BadSegment):
            spell()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_topic_with_a_hostile_segment_is_none_of_ours(text: str) -> None:
    assert TOPICS.parse_request(f"{TOPICS.root}/request/checkout/add-line-item/{text}") is None
    assert TOPICS.parse_event(f"{TOPICS.root}/event/checkout/{text}") is None
    assert TOPICS.parse_status(f"{TOPICS.root}/status/{text}") is None


@pytest.mark.parametrize(
    "topic",
    [
        "tillwire/v1/store-2/request/checkout/add-line-item/till-1",
        "tillwire/v1/store-1/request/checkout/add-line-item",
        "tillwire/v1/store-1/request/checkout/add-line-item/till-1/more",
        "tillwire/v1/store-1/event/checkout/add-line-item/till-1",
        "tillwire/v1/store-11/request/checkout/add-line-item/till-1",
    ],
)
def test_a_topic_of_another_store_class_or_length_is_no_request(topic: str) -> None:
    assert TOPICS.parse_request(topic) is None


@given(st.text())
def test_whatever_is_taken_as_a_segment_cannot_leave_its_level(text: str) -> None:
    try:
        topic = TOPICS.status(text)
    except BadSegment:
        return

    assert topic.split("/") == [*TOPICS.root.split("/"), "status", text]
    assert not set(topic) & set("+#\0")


def test_services_follow_each_other_and_nobody_else() -> None:
    assert set(FOLLOWS) == set(SERVICES)
    assert all(set(leaders) <= set(SERVICES) - {service} for service, leaders in FOLLOWS.items())
