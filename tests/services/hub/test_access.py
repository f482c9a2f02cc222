"""Who may say and hear what: the rules as the contracts tell them, and as a real broker keeps them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from contracts.base import Event, Message, PrivateState, Request, Role, State
from contracts.customers.fields import GetPrintedFields
from contracts.devices.scanning import InjectScan
from contracts.every_service import SessionUsed
from contracts.modules import modules_of
from contracts.topics import FOLLOWS, SERVICES, BadSegment, Topics
from services.hub import access, logins
from services.hub.broker import Broker, choose_port
from tests.services.hub.clients import Connect, Connection

DENIED = 0x87
TOPICS = Topics("store")
ROOT = "tillwire/v1/store"
LOGINS: dict[str, Role] = {
    "till-1": "register",
    "till-2": "register",
    "till-1-display": "display",
    "office": "backoffice",
    "watch": "ops",
    "hub": "hub",
    "checkout": "checkout",
    "policy": "policy",
    "customers": "customers",
    "staff": "staff",
    "devices": "devices",
}
MESSAGES = [
    message
    for owner in ("every_service", *SERVICES)
    for module in modules_of(owner)
    for message in vars(module).values()
    if isinstance(message, type) and issubclass(message, Message) and message.__module__ == module.__name__
]


class Place(NamedTuple):
    """A topic and what it is, so that the tests judge it without reading a filter."""

    topic: str
    kind: str
    owner: str = ""
    other: str = ""
    message: type[Message] = Message


def places_of(message: type[Message]) -> Iterator[Place]:
    """Where a message travels: a request from every login, a private state to two registers."""
    owner = message.owner()
    if issubclass(message, Request):
        for service in SERVICES if owner == "every_service" else (owner,):
            for caller in LOGINS:
                yield Place(TOPICS.request(service, message, caller), "request", service, caller, message)
    elif issubclass(message, Event):
        for service in SERVICES if owner == "every_service" else (owner,):
            yield Place(TOPICS.event(service, message.wire_name()), "event", service, message=message)
    elif issubclass(message, State):
        yield Place(TOPICS.state(message, register="till-1", device="scanner-1"), "state", owner, message=message)
    elif issubclass(message, PrivateState):
        for register in ("till-1", "till-2"):
            yield Place(TOPICS.private(message, register), "private", owner, register, message)


def places_of_nobody() -> Iterator[Place]:
    """Topics that the contracts do not know, and some that are near those they do."""
    for service in SERVICES:
        yield Place(TOPICS.event(service, "made-up"), "event", service)
        yield Place(f"{ROOT}/state/{service}/made-up/by-me", "state", service)
        yield Place(f"{ROOT}/private/{service}/till-2/made-up", "private", service, "till-2")
        yield Place(TOPICS.request(service, "made-up", "till-1"), "request", service, "till-1")
    yield Place(f"{ROOT}/status/%u", "status", "%u")
    for topic in (
        ROOT,
        "tillwire/v1/other-store/status/till-1",
        "tillwire/v1/other-store/request/checkout/open-sale/till-1",
        f"{ROOT}/request/checkout/open-sale/till-1/more",
        f"{ROOT}/request/checkout/open-sale",
        f"{ROOT}/status/till-1/more",
        f"{ROOT}/made-up/checkout/thing",
        "anything/else",
        "%u",
    ):
        yield Place(topic, "nothing")


PLACES = (
    *(place for message in MESSAGES for place in places_of(message)),
    *(Place(TOPICS.status(login), "status", login) for login in LOGINS),
    *(Place(TOPICS.reply(login, service), "reply", service, login) for login in LOGINS for service in SERVICES),
    *places_of_nobody(),
)


def may_publish(role: Role, login: str, place: Place) -> bool:
    """What DESIGN says of publishing, as a plain judgement of one place."""
    asked_by = place.message.asked_by if issubclass(place.message, Request) else ()
    as_owner = place.owner == role
    return {
        "request": place.other == login and role in asked_by and not as_owner,
        "reply": as_owner,
        "event": as_owner,
        "state": as_owner,
        "private": as_owner,
        "status": place.owner == login and role != "ops",
        "nothing": False,
    }[place.kind]


def may_read(role: Role, login: str, place: Place) -> bool:
    """What DESIGN says of reading, as a plain judgement of one place."""
    read_by = place.message.read_by if issubclass(place.message, State) else ()
    private_to = place.message.read_by if issubclass(place.message, PrivateState) else ()
    as_owner = place.owner == role
    heard_by = place.message.heard_by if issubclass(place.message, SessionUsed) else ()
    as_addressee = place.other == login
    judged = {
        "request": as_owner,
        "reply": as_addressee and role != "ops",
        "event": place.owner in FOLLOWS.get(role, ()) or role in heard_by or role == "ops",
        "state": as_owner or role in read_by or role == "ops",
        "private": as_owner or (as_addressee and role == "register") or role in private_to,
        "status": True,
        "nothing": role == "ops" and place.topic.startswith(f"{ROOT}/status/"),
    }[place.kind]
    return judged or (role == "hub" and place.topic.startswith(ROOT))


class Store(NamedTuple):
    """A running broker and everyone's credentials."""

    broker: Broker
    everyone: dict[str, logins.Credentials]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    data: Path = tmp_path_factory.mktemp("store")
    given = {name: logins.make_login(data, name, role) for name, role in LOGINS.items() if role in logins.GIVEN_ROLES}
    with asyncio.Runner() as runner:
        running = Broker(data, TOPICS, choose_port(0).port)
        runner.run(running.start())
        own = {name: logins.own_credentials(data, name) for name in ("hub", *SERVICES)}
        yield Store(running, given | own)
        runner.run(running.stop())


@pytest.mark.parametrize("login", LOGINS)
def test_broker_takes_what_the_contracts_let_a_role_publish_and_refuses_all_else(
    store: Store, connect: Connect, login: str
) -> None:
    connection = connect(store.broker, store.everyone[login])

    codes = connection.publish(*(place.topic for place in PLACES))

    allowed = {place.topic for place, code in zip(PLACES, codes, strict=True) if code != DENIED}
    assert allowed == {place.topic for place in PLACES if may_publish(LOGINS[login], login, place)}


@pytest.mark.parametrize("login", LOGINS)
def test_broker_grants_what_the_contracts_let_a_role_read_and_refuses_all_else(
    store: Store, connect: Connect, login: str
) -> None:
    connection = connect(store.broker, store.everyone[login])

    codes = connection.subscribe(*(place.topic for place in PLACES))

    allowed = {place.topic for place, code in zip(PLACES, codes, strict=True) if code != DENIED}
    assert allowed == {place.topic for place in PLACES if may_read(LOGINS[login], login, place)}


def test_everything_said_reaches_those_who_may_hear_it_and_nobody_else(store: Store, connect: Connect) -> None:
    connections: dict[str, Connection] = {}
    for login, role in LOGINS.items():
        connections[login] = connect(store.broker, store.everyone[login])
        filters = [each for each in access.rules(role, login, TOPICS).subscribe if each != access.BROKER_FIGURES]
        assert connections[login].subscribe(*filters) == [1] * len(filters)

    said: set[str] = set()
    for login, role in LOGINS.items():
        own = [place.topic for place in PLACES if may_publish(role, login, place)]
        connections[login].publish(*own, payload=b"said")
        said.update(own)
    connections["hub"].publish(TOPICS.status("hub"), payload=b"last")

    for login, role in LOGINS.items():
        heard = set(_topics_until_last(connections[login]))
        assert heard == {place.topic for place in PLACES if place.topic in said and may_read(role, login, place)}


def _topics_until_last(connection: Connection) -> Iterator[str]:
    while (message := connection.next_message()).payload != b"last":
        yield message.topic


@pytest.mark.parametrize(
    ("topic_filter", "granted_to"),
    [
        ("#", set()),
        ("+/#", set()),
        ("$SYS/#", {"hub"}),
        ("$CONTROL/#", set()),
        (access.CONTROL_RESPONSE, {"hub"}),
        ("tillwire/v1/+/status/+", set()),
        ("tillwire/#", set()),
        (f"{ROOT}/#", {"hub"}),
        (f"{ROOT}/+/+", {"hub"}),
        (f"{ROOT}/request/#", {"hub"}),
        (f"{ROOT}/request/checkout/+/+", {"hub", "checkout"}),
        (f"{ROOT}/request/+/+/till-1", {"hub"}),
        (f"{ROOT}/reply/+/+", {"hub"}),
        (f"{ROOT}/reply/+/checkout", {"hub"}),
        (f"{ROOT}/reply/till-1/+", {"hub", "till-1"}),
        (f"{ROOT}/reply/till-1/#", {"hub"}),
        (f"{ROOT}/private/#", {"hub"}),
        (f"{ROOT}/private/+/+/+", {"hub"}),
        (f"{ROOT}/private/+/till-1/+", {"hub", "till-1"}),
        (f"{ROOT}/private/checkout/#", {"hub", "checkout"}),
        (f"{ROOT}/event/#", {"hub", "watch"}),
        (f"{ROOT}/event/checkout/+", {"hub", "watch", "policy", "customers", "staff", "devices"}),
        (f"{ROOT}/event/policy/+", {"checkout", "hub", "watch"}),
        (f"{ROOT}/state/#", {"hub", "watch"}),
        (f"{ROOT}/state/devices/+", {"hub", "watch", "devices", "till-1", "till-2", "till-1-display", "office"}),
        (f"{ROOT}/state/devices/#", {"hub", "watch", "devices"}),
        (f"{ROOT}/status/+", set(LOGINS)),
        (f"{ROOT}/status/#", {"hub", "watch"}),
        (f"$share/all/{ROOT}/status/+", set()),
        (f"$share/all/{ROOT}/reply/till-1/+", set()),
        ("$share/all/#", set()),
    ],
)
def test_filter_wider_than_a_role_reads_is_refused_as_a_whole(
    store: Store, connect: Connect, topic_filter: str, granted_to: set[str]
) -> None:
    connections = {login: connect(store.broker, made) for login, made in store.everyone.items()}

    codes = {login: connection.subscribe(topic_filter) for login, connection in connections.items()}

    assert {login for login, code in codes.items() if code != [DENIED]} == granted_to


@pytest.mark.parametrize("login", [login for login in LOGINS if login != "hub"])
def test_nobody_but_the_hub_changes_who_may_do_what(store: Store, connect: Connect, login: str) -> None:
    connection = connect(store.broker, store.everyone[login])

    codes = connection.publish(access.CONTROL, payload=b'{"commands": [{"command": "listClients"}]}')

    assert codes == [DENIED]


def test_copy_of_a_service_serves_as_the_service_and_calls_as_itself() -> None:
    rules = access.rules("checkout", "checkout-2", TOPICS)

    assert TOPICS.requests_to("checkout") in rules.subscribe
    assert TOPICS.replies_to("checkout-2") in rules.subscribe
    assert TOPICS.request("policy", "check-checkout", "checkout-2") in rules.publish
    assert TOPICS.status("checkout-2") in rules.publish


def test_ops_publishes_nothing_and_hears_only_the_three_open_classes() -> None:
    rules = access.rules("ops", "watch", TOPICS)

    assert rules == access.AccessRules(publish=(), subscribe=TOPICS.everything_open())


def test_a_scan_that_needs_no_token_is_made_up_by_nobody_but_the_hub() -> None:
    """It does what whoever is signed on at the register may do; a login alone is nobody."""
    topics = {login: TOPICS.request("devices", InjectScan, login) for login in LOGINS}

    may = [login for login, role in LOGINS.items() if topics[login] in access.rules(role, login, TOPICS).publish]

    assert may == ["hub"]


def test_what_receipts_show_of_a_customer_is_told_to_nobody_but_devices() -> None:
    topics = {login: TOPICS.request("customers", GetPrintedFields, login) for login in LOGINS}

    may = [login for login, role in LOGINS.items() if topics[login] in access.rules(role, login, TOPICS).publish]

    assert may == ["devices"]


@pytest.mark.parametrize("login", ["", "+", "#", "till/1", "Till", "till 1", "till-1\n", "a" * 65, "%u"])
def test_login_that_could_widen_a_rule_is_refused(login: str) -> None:
    with pytest.raises(BadSegment):
        access.rules("register", login, TOPICS)


def test_every_rule_is_one_of_allowing_and_the_rest_is_denied() -> None:
    acls = access.rules("register", "till-1", TOPICS).acls()

    assert all(acl["allow"] is True for acl in acls)
    assert access.DENY_BY_DEFAULT == {
        "publishClientSend": False,
        "publishClientReceive": False,
        "subscribe": False,
        "unsubscribe": True,
    }
