"""Who is online, told from statuses alone."""

import msgspec
import pytest

from contracts.every_service import Status
from contracts.topics import Topics
from services.hub.presence import Presence
from services.runtime.bus import Incoming

TOPICS = Topics("store")


def status(state: str, session: str, client: str = "policy") -> Incoming:
    return Incoming(TOPICS.status(client), msgspec.json.encode({"state": state, "session": session}))


@pytest.fixture
def presence() -> Presence:
    return Presence(TOPICS)


def test_a_client_that_nobody_heard_of_is_unknown(presence: Presence) -> None:
    assert presence.state("policy") == "unknown"
    assert not presence.is_online("policy")


def test_the_newest_status_counts(presence: Presence) -> None:
    for message, expected in (
        (status("online", "a"), "online"),
        (status("offline", "a"), "offline"),
        (status("online", "b"), "online"),
    ):
        assert presence.take(message) == "policy"
        assert presence.state("policy") == expected
    assert presence.status("policy") == Status("online", "b")


def test_an_offline_of_an_earlier_session_is_old_news(presence: Presence) -> None:
    presence.take(status("online", "new"))
    assert presence.take(status("offline", "old")) is None
    assert presence.is_online("policy")


def test_a_status_that_expired_leaves_the_client_unknown(presence: Presence) -> None:
    presence.take(status("online", "a"))
    assert presence.take(Incoming(TOPICS.status("policy"), b"")) == "policy"
    assert presence.state("policy") == "unknown"


@pytest.mark.parametrize(
    "message",
    [
        Incoming(TOPICS.status("policy"), b"{"),
        Incoming(TOPICS.status("policy"), b'{"state":"asleep","session":"a"}'),
        Incoming(TOPICS.event("policy", "settings-changed"), b'{"state":"online","session":"a"}'),
        Incoming("tillwire/v1/other/status/policy", b'{"state":"online","session":"a"}'),
    ],
    ids=["no JSON", "no status", "an event", "another store"],
)
def test_what_is_no_status_of_this_store_changes_nothing(presence: Presence, message: Incoming) -> None:
    assert presence.take(message) is None
    assert presence.state("policy") == "unknown"
