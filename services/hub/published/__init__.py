"""The contracts as others read them: JSON Schema, AsyncAPI and the table in ``contracts/README.md``.

All of it is derived from the message classes; nothing here says anything about a single message.
Never here: what a message means (its contract says it), and anything that runs on the bus.
"""

from pathlib import Path
from typing import get_args

import msgspec

from contracts.base import Command, Event, Message, PrivateState, Query, Reply, Request, Role, State
from contracts.every_service import Status
from contracts.topics import Topics
from services.hub import access
from services.hub.published.asyncapi_document import asyncapi
from services.hub.published.messages import (
    Json,
    address,
    components,
    every_message,
    is_retained,
    named,
    owner_of,
    topic_of,
)
from services.runtime.bus.memory import topic_matches

SCHEMA_FILE = "tillwire.schema.json"
ASYNCAPI_FILE = "asyncapi.json"


def table() -> str:
    """The table of all messages in Markdown: what, where, how often, and who tells and reads it."""
    head = ("message", "kind", "topic", "lane", "QoS", "retained", "owner", "readers")
    rows = [head, ("---",) * len(head), *(_row(message) for message in every_message())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def json_schema() -> Json:
    """One JSON Schema document (draft 2020-12) with every message and its parts under ``$defs``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tillwire's messages",
        "description": "Each message is one of the definitions; the table of messages says which topic carries which.",
        "$defs": components("#/$defs/{name}"),
    }


def write_contracts(folder: Path) -> list[Path]:
    """Write the JSON Schema and the AsyncAPI document into a folder, made if it is not there.

    Returns:
        The files written. What they held before is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, document in ((SCHEMA_FILE, json_schema()), (ASYNCAPI_FILE, asyncapi())):
        path = folder / name
        path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
        written.append(path)
    return written


def _kind(message: type[Message]) -> str:
    kinds: dict[type, str] = {
        Command: "command",
        Query: "query",
        Reply: "reply",
        Event: "event",
        State: "state",
        PrivateState: "private state",
    }
    kind = next((name for base_class, name in kinds.items() if issubclass(message, base_class)), "status")
    return "hint" if issubclass(message, Event) and not message.journaled else kind


def _readers(message: type[Message]) -> str:
    """Who hears a message, as the broker's access rules have it, and for a request who may ask it."""
    if issubclass(message, Request):
        return f"{named(owner_of(message))}; asked by {', '.join(message.asked_by)}"
    if issubclass(message, Reply):
        return "its caller"
    if issubclass(message, PrivateState):
        return ", ".join(("its register", *message.read_by))
    return ", ".join(_hearers(message))


def _hearers(message: type[Message]) -> list[Role]:
    """The roles whose logins the broker lets hear a message, besides its owner and the hub, which hears everything."""
    topics = Topics("--store--")
    told = topic_of(message)
    return [
        role
        for role in get_args(Role)
        if role not in ("hub", message.owner())
        if any(topic_matches(heard, told) for heard in access.rules(role, role, topics).subscribe)
    ]


def _row(message: type[Message]) -> tuple[str, ...]:
    below = address(topic_of(message)).partition("{store}/")[2]
    lane = message.lane if issubclass(message, Command) else None
    return (
        f"`{message.wire_name()}`",
        _kind(message),
        f"`{below}`",
        f"`{lane}`" if lane else "",
        "1",
        "yes" if is_retained(message) else "no",
        "the client" if message is Status else named(owner_of(message)),
        _readers(message),
    )
