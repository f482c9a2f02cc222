"""The contracts as others read them: JSON Schema, AsyncAPI and the table in ``contracts/README.md``.

All of it is derived from the message classes; nothing here says anything about a single message.
Never here: what a message means (its contract says it), and anything that runs on the bus.
"""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import msgspec

from contracts import base, every_service
from contracts.base import (
    ANY_REQUEST,
    Command,
    Event,
    Message,
    PrivateState,
    Query,
    Rejected,
    Reply,
    Request,
    Role,
    State,
)
from contracts.every_service import Status
from contracts.modules import modules_of
from contracts.topics import SERVICES, Topics
from services.hub import access
from services.runtime.memory_bus import topic_matches
from services.runtime.states import PRIVATE_EXPIRY_S

SCHEMA_FILE = "tillwire.schema.json"
ASYNCAPI_FILE = "asyncapi.json"

Json = dict[str, Any]

_PARAMETERS: dict[str, Json] = {
    "store": {"description": "The store's id: a-z, 0-9 and hyphens."},
    "caller": {"description": "The login of the client that asks; nobody else may use it."},
    "client": {"description": "The login of the client whose presence this is."},
    "register": {"description": "The register's id, which is its login."},
    "device": {"description": "The id of a scanner or printer."},
    "service": {"description": "The service that is meant.", "enum": list(SERVICES)},
}
_ANY_SERVICE = "every-service"


def every_message() -> list[type[Message]]:
    """All messages that travel on their own, in the order of their modules and of each file.

    Structs that only stand inside others are left out.
    """
    modules = [module for service in SERVICES for module in modules_of(service)]
    kinds = (Request, Reply, Event, State, PrivateState, Status)
    return [
        thing
        for module in (*modules, every_service, base)
        for thing in vars(module).values()
        if isinstance(thing, type) and thing.__module__ == module.__name__ and issubclass(thing, kinds)
        if thing not in {*kinds, Command, Query} or thing is Status
    ]


def example_path(message: type[Message]) -> Path:
    """Where a message's golden JSON lies, below ``contracts/examples``; what any service says lies together."""
    return Path(_owner(message).replace("-", "_")) / f"{message.wire_name()}.json"


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
        "$defs": _components("#/$defs/{name}"),
    }


def asyncapi() -> Json:
    """The AsyncAPI 3.0 document of a whole hub: it receives requests and sends everything else."""
    channels: Json = {}
    operations: Json = {}
    for service in (*SERVICES, _ANY_SERVICE):
        answers: list[type[Message]] = [
            message
            for message in every_message()
            if message is Rejected or (issubclass(message, Reply) and _owner(message) == service)
        ]
        channels[_replies_of(service)] = _channel(
            Topics("--store--").reply("--caller--", _segment_of(service)),
            f"What {_named(service)} answers a caller.",
            {answer.wire_name(): answer for answer in answers},
        )
    for message in every_message():
        if issubclass(message, Reply):
            continue
        name = f"{_owner(message)}-{message.wire_name()}"
        channels[name] = _channel(_topic(message), _sentence(message), {message.wire_name(): message})
        operations[name] = _operation(message, name)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tillwire",
            "version": _version(),
            "description": (
                "A store hub on a local MQTT 5 broker. Payloads are JSON objects in UTF-8; message headers are MQTT 5 "
                "user properties, and the correlation id is the MQTT 5 property Correlation Data, which a request "
                "must carry together with the Response Topic of its caller."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {message.__name__: _message(message) for message in every_message()},
            "schemas": _components("#/components/schemas/{name}"),
        },
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


def _version() -> str:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    return str(project["project"]["version"])


def _owner(message: type[Message]) -> str:
    """The service that owns a message, or ``every-service``, to which the one rejection of all belongs too."""
    return message.owner() if message.owner() in SERVICES else _ANY_SERVICE


def _named(service: str) -> str:
    return "a service" if service == _ANY_SERVICE else service


def _segment_of(service: str) -> str:
    return "--service--" if service == _ANY_SERVICE else service


def _replies_of(service: str) -> str:
    return f"{service}-replies"


def _sentence(message: type) -> str:
    return (message.__doc__ or "").strip().partition("\n")[0]


def _described(message: type) -> str:
    return re.sub(r"\n[ ]+", "\n", (message.__doc__ or "").strip())


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


def _topic(message: type[Message]) -> str:
    """The topic of a message with ``--name--`` for each of its parameters, which no real name holds."""
    topics = Topics("--store--")
    service = _segment_of(_owner(message))
    if issubclass(message, Request):
        return topics.request(service, message, "--caller--")
    if issubclass(message, Reply):
        return topics.reply("--caller--", service)
    if issubclass(message, Event):
        return topics.event(service, message.wire_name())
    if issubclass(message, State):
        names = [name for _, name, _, _ in Formatter().parse(message.path) if name]
        return topics.state(message, **{name: f"--{name}--" for name in names})
    if issubclass(message, PrivateState):
        return topics.private(message, "--register--")
    return topics.status("--client--")


def _address(topic: str) -> str:
    return re.sub(r"--([a-z]+)--", r"{\1}", topic)


def _is_retained(message: type[Message]) -> bool:
    return issubclass(message, State | PrivateState | Status)


def _readers(message: type[Message]) -> str:
    """Who hears a message, as the broker's access rules have it, and for a request who may ask it."""
    if issubclass(message, Request):
        return f"{_named(_owner(message))}; asked by {', '.join(message.asked_by)}"
    if issubclass(message, Reply):
        return "its caller"
    if issubclass(message, PrivateState):
        return ", ".join(("its register", *message.read_by))
    return ", ".join(_hearers(message))


def _hearers(message: type[Message]) -> list[Role]:
    """The roles whose logins the broker lets hear a message, besides its owner and the hub, which hears everything."""
    topics = Topics("--store--")
    told = _topic(message)
    return [
        role
        for role in get_args(Role)
        if role not in ("hub", message.owner())
        if any(topic_matches(heard, told) for heard in access.rules(role, role, topics).subscribe)
    ]


def _row(message: type[Message]) -> tuple[str, ...]:
    below = _address(_topic(message)).partition("{store}/")[2]
    lane = message.lane if issubclass(message, Command) else None
    return (
        f"`{message.wire_name()}`",
        _kind(message),
        f"`{below}`",
        f"`{lane}`" if lane else "",
        "1",
        "yes" if _is_retained(message) else "no",
        "the client" if message is Status else _named(_owner(message)),
        _readers(message),
    )


def _components(ref_template: str) -> Json:
    _, components = msgspec.json.schema_components(every_message(), ref_template=ref_template)
    return components


def _channel(topic: str, description: str, messages: dict[str, type[Message]]) -> Json:
    names = re.findall(r"--([a-z]+)--", topic)
    return {
        "address": _address(topic),
        "description": description,
        "parameters": {name: _PARAMETERS[name] for name in names},
        "messages": {key: {"$ref": f"#/components/messages/{kind.__name__}"} for key, kind in messages.items()},
    }


def _operation(message: type[Message], channel: str) -> Json:
    binding: Json = {"qos": 1, "retain": _is_retained(message), "bindingVersion": "0.2.0"}
    if issubclass(message, PrivateState):
        binding["messageExpiryInterval"] = PRIVATE_EXPIRY_S
    operation: Json = {
        "action": "receive" if issubclass(message, Request) else "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message.wire_name()}"}],
        "summary": _sentence(message),
        "bindings": {"mqtt": binding},
    }
    if issubclass(message, Request):
        reply = message.reply_type()
        channel = _replies_of(_owner(reply))
        operation["reply"] = {
            "channel": {"$ref": f"#/channels/{channel}"},
            "messages": [{"$ref": f"#/channels/{channel}/messages/{kind.wire_name()}"} for kind in (reply, Rejected)],
        }
        operation["x-asked-by"] = list(message.asked_by)
        operation["x-permission"] = message.permission
        operation["x-rejections"] = _rejections((*message.rejections, *ANY_REQUEST))
        if issubclass(message, Command):
            operation["x-lane"] = message.lane
    return operation


def _rejections(rejections: Iterable[type[base.Rejection]]) -> list[Json]:
    return [
        {"code": rejection.wire_code(), "message": _sentence(rejection), "final": rejection.final}
        for rejection in rejections
    ]


def _message(message: type[Message]) -> Json:
    binding: Json = {"contentType": "application/json", "bindingVersion": "0.2.0"}
    described: Json = {
        "name": message.wire_name(),
        "title": message.__name__,
        "summary": _sentence(message),
        "description": _described(message),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{message.__name__}"},
        "bindings": {"mqtt": binding},
    }
    if issubclass(message, Request):
        binding["responseTopic"] = _address(Topics("--store--").reply("--caller--", _segment_of(_owner(message))))
    if issubclass(message, Request | Reply):
        binding["correlationData"] = {
            "type": "string",
            "description": "Made by the caller, new for each attempt, sent back as it came.",
        }
        described["correlationId"] = {
            "location": "$message.header#/correlationData",
            "description": "The MQTT 5 property Correlation Data.",
        }
    headers = _headers(message)
    if headers:
        described["headers"] = {"type": "object", "properties": headers, "required": list(headers)}
    return described


def _headers(message: type[Message]) -> Json:
    """The MQTT 5 user properties of a message."""
    headers: Json = {}
    if issubclass(message, Command):
        headers["id"] = {
            "type": "string",
            "format": "uuid",
            "description": "A UUID made by the caller, best of version 7; it changes once and is answered alike.",
        }
    if issubclass(message, Request) and message.permission:
        headers["token"] = {
            "type": "string",
            "description": f"The token from sign-on of a person with the permission {message.permission}.",
        }
    if issubclass(message, Event):
        # CloudEvents 1.0, MQTT protocol binding, binary mode.
        headers |= {
            "specversion": {"type": "string", "const": "1.0"},
            "id": {"type": "string", "format": "uuid", "description": "The event's id; the same in the journal."},
            "source": {"type": "string", "description": "'/' and the store's root topic and the service."},
            "type": {"type": "string", "const": f"tillwire.{message.owner()}.{message.wire_name()}"},
            "time": {"type": "string", "format": "date-time", "description": "When it happened, UTC."},
        }
    if issubclass(message, Event) and message.journaled:
        headers |= {
            "epoch": {"type": "string", "pattern": "^[0-9]+$", "description": "The journal's epoch."},
            "sequence": {"type": "string", "pattern": "^[0-9]+$", "description": "The event's number in the journal."},
        }
    return headers
