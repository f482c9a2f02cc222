"""What the commands share: which hub is meant, how it is reached, and how they speak to a person."""

import difflib
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from contracts.ids import SEGMENT_PATTERN, UUID_PATTERN
from services.hub import access, broker_logins, login_names, logins, running_hub
from services.hub.client import BrokerAway, Client, connected
from services.hub.running_hub import RunningHub
from services.runtime.bus import NotConnected
from services.runtime.malformed import choices, malformed
from services.runtime.settings import HubSettings, load

T = TypeVar("T", bound=msgspec.Struct)

DataFolder = Annotated[
    Path | None, Parameter(help="The hub's data directory; TILLWIRE_DATA, tillwire.toml or ./data if left out.")
]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON object instead.")]


_IN_WORDS: Final = {
    SEGMENT_PATTERN: "1 to 64 of a-z, 0-9 and hyphens",
    UUID_PATTERN: "a UUID in lower case",
}
"""What patterns of the contract ask for, where the contract's own words are out of reach."""


class CommandRefused(Exception):
    """The command cannot be carried out as it was given; the sentence says why."""


def console(*, errors: bool = False) -> Console:
    """Where results go: a terminal, or a file or pipe without colours; ``errors`` is standard error."""
    return Console(stderr=errors, highlight=False)


def print_plain(text: str) -> None:
    """Print text as it is, for programs and people alike."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def plain(text: str) -> Text:
    """Text for a cell of a table on the terminal: no markup, and nothing that a terminal obeys."""
    return Text("".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in text))


def data_folder(given: Path | None) -> Path:
    """The data directory that is meant.

    Raises:
        SettingsRefused: a setting is unknown or does not fit.
    """
    return load(HubSettings, None).data_folder if given is None else given.resolve()


def fitting(fields: Mapping[str, Any], message: type[T]) -> T:
    """The message with these fields, held against the contract before it is sent.

    Raises:
        CommandRefused: a value does not fit; the sentence names the field and the rule, never a value that is secret.
    """
    try:
        return msgspec.convert(fields, message)
    except msgspec.ValidationError as error:
        raise CommandRefused(f"{told_fault(error, message)}; nothing was sent") from error


def told_fault(error: Exception, message: type[msgspec.Struct]) -> str:
    """Which field does not fit, and the rule of the contract that says so."""
    found = malformed(error, message).details
    rule = next((words for pattern, words in _IN_WORDS.items() if repr(pattern) in found["rule"]), found["rule"])
    words = choices(message, found["field"]) if rule.startswith("Invalid enum value") else ()
    offered = f"; there are {', '.join(words)}" if words else ""
    return f"{found['field'].removeprefix('$.')}: {rule.rstrip('.')}{offered}"


def may_not_ask(login: str, service: str, name: str, role: str | None = None) -> str:
    """That a login may not send a request, whoever is signed on there, and which roles may."""
    may = ", ".join(access.askers(service).get(name, ())) or "nobody"
    which = f"'{login}' has the role {role}, which" if role else f"the login '{login}'"
    return f"{which} may not ask {service} '{name}'; these may: {may}"


def nearest(word: str, known: Iterable[str]) -> str:
    """What was likely meant, else all there is."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; there are {', '.join(sorted(names))}"


@asynccontextmanager
async def as_hub(data: Path, *, watching: Sequence[str] = ()) -> AsyncIterator[tuple[RunningHub, Client]]:
    """Connect to the hub that runs on a data directory, with its own login.

    Raises:
        NoHub: none runs.
        BrokerAway: its broker does not answer.
    """
    hub = running_hub.find(data)
    login = hub.login(logins.own_credentials(data, "hub"))
    async with connected(login, hub.topics, watching=watching) as client:
        yield hub, client


@asynccontextmanager
async def changing_logins(data: Path) -> AsyncIterator[tuple[RunningHub, broker_logins.SendControl]]:
    """Connect as the hub to tell the running broker of changed logins.

    Raises:
        NoHub: none runs.
        BrokerAway: its broker does not answer.
    """
    async with as_hub(data, watching=(access.CONTROL_RESPONSE,)) as (hub, client):
        yield hub, client.send_control


@asynccontextmanager
async def temporarily(
    data: Path, login: str, *, watching: Sequence[str] = (), asks: bool = True
) -> AsyncIterator[Client]:
    """Connect with second credentials of a login, which end here, or earlier with the broker.

    Raises:
        NoHub: none runs.
        LoginRefused: there is no such login.
        BrokerAway: the broker does not answer.
    """
    async with changing_logins(data) as (hub, send_control):
        made = await broker_logins.add_temporary_login(data, hub.topics, login, send_control)
        try:
            reached = hub.login(made)
            async with connected(reached, hub.topics, watching=watching, asks=asks, until_lost=True) as client:
                yield client
        finally:
            # A broker that is gone, or was started again, has forgotten them by itself.
            with suppress(login_names.LoginRefused, BrokerAway, NotConnected):
                await broker_logins.cut_off_login(data, made.username, send_control)
