"""``watch``: everything that the ops role may see, live, a line a message."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.text import Text

from contracts.topics import Topics
from services.hub.client import BrokerAway
from services.hub.running_hub import OPS, find
from services.hub.terminal import DataFolder, console, data_folder, print_plain, temporarily
from services.runtime.bus import Incoming

COLOURS = {"event": "green", "state": "cyan", "status": "yellow"}


async def watch(
    *,
    service: Annotated[str | None, Parameter(help="Only what this service tells.")] = None,
    register: Annotated[str | None, Parameter(help="Only what is about this register.")] = None,
    raw: Annotated[bool, Parameter(negative="", help="Print topics and payloads as they are.")] = False,
    data: DataFolder = None,
) -> None:
    """Show events, states and statuses as they come, until Ctrl+C; no personal data is among them."""
    folder = data_folder(data)
    topics = find(folder).topics
    out = console()
    said: dict[str, bytes] = {}
    async with temporarily(folder, OPS, watching=topics.everything_open(), asks=False) as client:
        async for message in client.watch():
            if not is_about(topics, message, service=service, register=register):
                continue
            if raw:
                print_plain(f"{message.topic} {message.payload.decode(errors='replace')}")
            elif message.payload != said.get(message.topic):  # a heartbeat tells nothing new
                out.print(line(topics, message, datetime.now(UTC).astimezone()), soft_wrap=True)
            if topics.parse_status(message.topic) is not None:
                said[message.topic] = message.payload
    raise BrokerAway("the broker is gone or was started again, and this login with it; call it again")


def is_about(topics: Topics, message: Incoming, *, service: str | None, register: str | None) -> bool:
    """Whether a message comes from that service and is about that register; None does not ask."""
    kind, owner, rest = _parts(topics, message.topic)
    if service is not None and owner != service:
        return False
    if register is None:
        return True
    return (kind == "status" and owner == register) or register in rest or _fields(message).get("register") == register


def line(topics: Topics, message: Incoming, at: datetime) -> Text:
    """One message in one line: when, what kind, whose, what, and the plain values of its payload."""
    kind, owner, rest = _parts(topics, message.topic)
    told = "cleared" if not message.payload else _summary(_fields(message))
    return Text.assemble(
        (f"{at:%H:%M:%S} ", "dim"),
        (f"{kind:<6} ", COLOURS.get(kind, "")),
        (f"{owner:<10} ", "bold"),
        f"{' '.join(rest):<24} " if rest else "",
        (told, "dim" if message.retained else ""),
    )


def _parts(topics: Topics, topic: str) -> tuple[str, str, list[str]]:
    kind, owner, *rest = topic.removeprefix(f"{topics.root}/").split("/")
    return kind, owner, rest


def _fields(message: Incoming) -> dict[str, Any]:
    try:
        fields = msgspec.json.decode(message.payload)
    except msgspec.DecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _summary(fields: dict[str, Any]) -> str:
    return " ".join(f"{name}={_short(value)}" for name, value in fields.items())


def _short(value: object) -> str:
    if isinstance(value, list):
        return f"[{len(value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(value) + "}"
    return str(value)
