"""What every message's class promises to the bus."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from contracts.base import (
    ANY_REQUEST,
    Command,
    Event,
    Message,
    Query,
    Rejected,
    Rejection,
    Reply,
    Request,
    Role,
    State,
    kebab,
)
from contracts.checkout.selling import OpenSale
from contracts.every_service import Status
from services.hub.published.messages import every_message

MESSAGES = every_message()
REQUESTS = [message for message in MESSAGES if issubclass(message, Request)]
OPEN = [message for message in MESSAGES if issubclass(message, Event | State | Status)]
"""What the ops role reads: it holds no personal data and no free text."""


def name_of(thing: type) -> str:
    return thing.__name__


@pytest.mark.parametrize(
    ("name", "wire_name"),
    [
        ("AddLineItem", "add-line-item"),
        ("Sale", "sale"),
        ("ReadJournal", "read-journal"),
        ("Ean13Read", "ean13-read"),
    ],
)
def test_a_class_name_becomes_kebab_case(name: str, wire_name: str) -> None:
    assert kebab(name) == wire_name


def test_names_on_the_wire_are_topic_segments_and_each_names_one_message() -> None:
    names = [message.wire_name() for message in MESSAGES]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


@pytest.mark.parametrize("request_type", REQUESTS, ids=name_of)
def test_a_request_is_a_command_or_a_query_with_one_published_reply(request_type: type[Request[Any]]) -> None:
    assert issubclass(request_type, Command) != issubclass(request_type, Query)
    assert issubclass(request_type.reply_type(), Reply)
    assert request_type.reply_type() in MESSAGES


def test_a_request_that_names_no_reply_is_refused() -> None:
    class Nameless(Command[Any], frozen=True):
        """Names nothing."""

    with pytest.raises(TypeError, match="Nameless names no reply"):
        Nameless.reply_type()


@pytest.mark.parametrize("request_type", REQUESTS, ids=name_of)
def test_a_request_says_which_roles_may_ask_it(request_type: type[Request[Any]]) -> None:
    assert request_type.asked_by
    assert set(request_type.asked_by) <= set(get_args(Role))
    assert len(set(request_type.asked_by)) == len(request_type.asked_by)


@pytest.mark.parametrize("request_type", REQUESTS, ids=name_of)
def test_a_request_names_each_rejection_of_its_own_once(request_type: type[Request[Any]]) -> None:
    own = request_type.rejections

    assert all(issubclass(rejection, Rejection) and rejection.__module__.startswith("contracts.") for rejection in own)
    assert len(set(own)) == len(own)
    assert not set(own) & set(ANY_REQUEST)


@pytest.mark.parametrize("request_type", REQUESTS, ids=name_of)
def test_a_lane_is_a_field_of_its_command(request_type: type[Request[Any]]) -> None:
    lane = request_type.lane if issubclass(request_type, Command) else None

    assert lane is None or lane in {field.name for field in msgspec.structs.fields(request_type)}


@pytest.mark.parametrize("request_type", REQUESTS, ids=name_of)
def test_a_request_refuses_a_field_it_does_not_know_by_name(request_type: type[Request[Any]]) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `surprise`"):
        msgspec.json.decode(b'{"surprise": 1}', type=request_type)


def test_a_rejection_travels_with_code_sentence_and_details() -> None:
    class TillJammed(Rejection):
        """The till is jammed; open it with the key."""

    reply = TillJammed(register="till-1").reply()

    assert reply == Rejected("till-jammed", "The till is jammed; open it with the key.", {"register": "till-1"})
    assert msgspec.json.decode(msgspec.json.encode(reply))["type"] == "rejected"


def test_codes_of_rejections_are_unique() -> None:
    rejections = {rejection for message in REQUESTS for rejection in message.rejections} | set(ANY_REQUEST)

    assert len({rejection.wire_code() for rejection in rejections}) == len(rejections)


@pytest.mark.parametrize("message", OPEN, ids=name_of)
def test_what_ops_reads_holds_no_free_text(message: type[Message]) -> None:
    assert list(_free_texts(message)) == []


def test_free_text_would_be_found_wherever_it_hides() -> None:
    class Part(Message, frozen=True):
        """A part of an event."""

        remark: str

    class SomethingSaid(Event, frozen=True):
        """Tells too much."""

        remarks: tuple[Part, ...]
        more: dict[str, int]
        anything: Any

    assert list(_free_texts(SomethingSaid)) == [
        "SomethingSaid.remarks.remark",
        "SomethingSaid.more",
        "SomethingSaid.anything",
    ]


@pytest.mark.parametrize("message", MESSAGES, ids=name_of)
def test_patterns_refuse_a_line_break_at_the_end_and_digits_of_other_scripts(message: type[Message]) -> None:
    patterns = {pattern for pattern in _patterns(message) if pattern is not None}

    assert all(pattern.endswith(r"$(?!\n)") and r"\d" not in pattern for pattern in patterns)


@given(st.text(alphabet="0123456789abcdef-\n\r\0 ٣", max_size=70))
def test_an_id_is_a_uuid_in_lower_case_and_nothing_around_it(text: str) -> None:
    uuid = "019cebaf-5c38-78a8-bbd6-a74ca183b9f8"

    msgspec.convert({"sale_id": uuid}, OpenSale)
    for hostile in (text, uuid + text, text + uuid):
        if hostile != uuid:
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert({"sale_id": hostile}, OpenSale)


def _fields(described: inspect.Type, path: str, seen: frozenset[type]) -> Iterator[tuple[str, inspect.Type]]:
    """Every place a value may stand in a type, structs and collections opened, with its path."""
    match described:
        case inspect.Metadata():
            yield from _fields(described.type, path, seen)
        case inspect.StructType() if described.cls not in seen:
            for field in described.fields:
                yield from _fields(field.type, f"{path}.{field.name}", seen | {described.cls})
        case inspect.StructType():
            return
        case inspect.UnionType():
            for part in described.types:
                yield from _fields(part, path, seen)
        case inspect.VarTupleType() | inspect.ListType():
            yield from _fields(described.item_type, path, seen)
        case _:
            yield path, described


def _free_texts(message: type) -> Iterator[str]:
    closed = (
        inspect.IntType,
        inspect.BoolType,
        inspect.NoneType,
        inspect.LiteralType,
        inspect.DecimalType,
    )
    for path, described in _fields(inspect.type_info(message), message.__name__, frozenset()):
        constrained = isinstance(described, inspect.StrType) and described.pattern is not None
        if not constrained and not isinstance(described, closed):
            yield path


def _patterns(message: type) -> Iterator[str | None]:
    for _, described in _fields(inspect.type_info(message), message.__name__, frozenset()):
        if isinstance(described, inspect.StrType):
            yield described.pattern
