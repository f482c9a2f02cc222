"""Which messages there are, and what of each both the documents and the table tell.

Never here: how a document or the table is laid out.
"""

import re
from pathlib import Path
from string import Formatter
from typing import Any

import msgspec

from contracts import base, every_service
from contracts.base import Command, Event, Message, PrivateState, Query, Reply, Request, State
from contracts.every_service import Status
from contracts.modules import modules_of
from contracts.topics import SERVICES, Topics

Json = dict[str, Any]
ANY_SERVICE = "every-service"


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
    return Path(owner_of(message).replace("-", "_")) / f"{message.wire_name()}.json"


def owner_of(message: type[Message]) -> str:
    """The service that owns a message, or ``every-service``, to which the one rejection of all belongs too."""
    return message.owner() if message.owner() in SERVICES else ANY_SERVICE


def named(service: str) -> str:
    """A service by its name, or as one of all of them."""
    return "a service" if service == ANY_SERVICE else service


def segment_of(service: str) -> str:
    """What stands for a service in a topic, with ``--service--`` for any."""
    return "--service--" if service == ANY_SERVICE else service


def topic_of(message: type[Message]) -> str:
    """The topic of a message with ``--name--`` for each of its parameters, which no real name holds."""
    topics = Topics("--store--")
    service = segment_of(owner_of(message))
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


def address(topic: str) -> str:
    """A topic as documents write it: ``{name}`` for each parameter."""
    return re.sub(r"--([a-z]+)--", r"{\1}", topic)


def is_retained(message: type[Message]) -> bool:
    """Whether the broker keeps the newest of them."""
    return issubclass(message, State | PrivateState | Status)


def components(ref_template: str) -> Json:
    """The JSON Schema of every message and of the parts it holds, by name."""
    _, found = msgspec.json.schema_components(every_message(), ref_template=ref_template)
    return found
