"""The AsyncAPI 3.0 document: every channel of a hub, what travels on it and what may be asked.

Never here: files, and the shapes of payloads (``messages.components``).
"""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from contracts import base
from contracts.base import ANY_REQUEST, Command, Event, Message, PrivateState, Rejected, Reply, Request
from contracts.topics import SERVICES, Topics
from services.hub.published.messages import (
    ANY_SERVICE,
    Json,
    address,
    components,
    every_message,
    is_retained,
    named,
    owner_of,
    segment_of,
    topic_of,
)
from services.runtime.states import PRIVATE_EXPIRY_S

_PARAMETERS: dict[str, Json] = {
    "store": {"description": "The store's id: a-z, 0-9 and hyphens."},
    "caller": {"description": "The login of the client that asks; nobody else may use it."},
    "client": {"description": "The login of the client whose presence this is."},
    "register": {"description": "The register's id, which is its login."},
    "device": {"description": "The id of a scanner or printer."},
    "service": {"description": "The service that is meant.", "enum": list(SERVICES)},
}


def asyncapi() -> Json:
    """The AsyncAPI 3.0 document of a whole hub: it receives requests and sends everything else."""
    channels: Json = {}
    operations: Json = {}
    for service in (*SERVICES, ANY_SERVICE):
        answers: list[type[Message]] = [
            message
            for message in every_message()
            if message is Rejected or (issubclass(message, Reply) and owner_of(message) == service)
        ]
        channels[_replies_of(service)] = _channel(
            Topics("--store--").reply("--caller--", segment_of(service)),
            f"What {named(service)} answers a caller.",
            {answer.wire_name(): answer for answer in answers},
        )
    for message in every_message():
        if issubclass(message, Reply):
            continue
        name = f"{owner_of(message)}-{message.wire_name()}"
        channels[name] = _channel(topic_of(message), _sentence(message), {message.wire_name(): message})
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
            "schemas": components("#/components/schemas/{name}"),
        },
    }


def _version() -> str:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    return str(project["project"]["version"])


def _replies_of(service: str) -> str:
    return f"{service}-replies"


def _sentence(message: type) -> str:
    return (message.__doc__ or "").strip().partition("\n")[0]


def _described(message: type) -> str:
    return re.sub(r"\n[ ]+", "\n", (message.__doc__ or "").strip())


def _channel(topic: str, description: str, messages: dict[str, type[Message]]) -> Json:
    names = re.findall(r"--([a-z]+)--", topic)
    return {
        "address": address(topic),
        "description": description,
        "parameters": {name: _PARAMETERS[name] for name in names},
        "messages": {key: {"$ref": f"#/components/messages/{kind.__name__}"} for key, kind in messages.items()},
    }


def _operation(message: type[Message], channel: str) -> Json:
    binding: Json = {"qos": 1, "retain": is_retained(message), "bindingVersion": "0.2.0"}
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
        channel = _replies_of(owner_of(reply))
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
        binding["responseTopic"] = address(Topics("--store--").reply("--caller--", segment_of(owner_of(message))))
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
