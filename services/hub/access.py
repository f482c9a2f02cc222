"""What each role may say and hear on the broker, derived from the contracts alone.

Pure functions. Never here: files, passwords, a running broker. The answer is spoken in the terms
of Mosquitto's dynamic-security plugin, which has no ``%u`` in version 2.0: so each login gets a
role of its own, with its name written into the rules. What no rule allows is denied.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

from contracts.base import Message, PrivateState, Request, Role, State
from contracts.every_service import SessionUsed
from contracts.modules import modules_of
from contracts.topics import FOLLOWS, SERVICES, Topics

M = TypeVar("M", bound=Message)

CONTROL: Final = "$CONTROL/dynamic-security/v1"
"""Where the plugin takes its commands; it answers below it, on ``response``."""
CONTROL_RESPONSE: Final = f"{CONTROL}/response"
BROKER_FIGURES: Final = "$SYS/#"
"""Where Mosquitto tells its own counters."""

DENY_BY_DEFAULT: Final = {
    "publishClientSend": False,
    "publishClientReceive": False,
    "subscribe": False,
    "unsubscribe": True,
}
"""The plugin's ``defaultACLAccess``: all is denied, but ending a subscription always works."""

_EVERY_SERVICE = "every_service"
"""The contract module whose requests every service answers."""
_PLACE = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The topic filters one login may use; whatever they do not cover is denied.

    Attributes:
        publish: what it may publish on. A last will is held to the same filters.
        subscribe: the widest filters it may subscribe to; a filter within one of them is granted too.
    """

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]

    @property
    def receive(self) -> tuple[str, ...]:
        """What the broker delivers: exactly what may be subscribed to, checked again for each message."""
        return self.subscribe

    def acls(self) -> list[dict[str, Any]]:
        """Write the rules as the ``acls`` of a role of the plugin."""
        return [
            {"acltype": kind, "topic": topic, "priority": 0, "allow": True}
            for kind, topics in (
                ("publishClientSend", self.publish),
                ("publishClientReceive", self.receive),
                ("subscribePattern", self.subscribe),
            )
            for topic in topics
        ]


def rules(role: Role, login: str, topics: Topics) -> AccessRules:
    """What a login with this role may publish and read in this store.

    Args:
        role: what the login is: a register, a display, ..., or the service of that name.
        login: the name it has in topics: caller, register and status client. A copy of a
            service (``checkout-2``) has its own, and so is told apart from its role.
        topics: the topics of the store.

    Raises:
        BadSegment: the login cannot stand in a topic.
    """
    if role == "ops":
        return AccessRules(publish=(), subscribe=topics.everything_open())
    publish = [*_requests(role, login, topics), topics.status(login)]
    if role == "hub":
        return AccessRules(
            publish=(*publish, CONTROL),
            subscribe=(f"{topics.root}/#", CONTROL_RESPONSE, BROKER_FIGURES),
        )
    subscribe = [topics.replies_to(login), topics.statuses(), *_states(role, topics), *_privates(role, topics)]
    if role == "register":
        subscribe.append(topics.privates_for(login))
    elif role in SERVICES:
        own = (topics.states_of(role), topics.privates_of(role))
        publish += [f"{topics.root}/reply/+/{role}", topics.events_of(role), *own]
        # Its own retained messages too: it clears those that its database no longer has.
        subscribe += [topics.requests_to(role), *map(topics.events_of, FOLLOWS[role]), *own]
        if role in SessionUsed.heard_by:
            subscribe.append(topics.events_of_all(SessionUsed))
    return AccessRules(publish=tuple(publish), subscribe=tuple(subscribe))


def askers(service: str) -> dict[str, tuple[Role, ...]]:
    """The names of all requests that a service answers, each with the roles that may ask it."""
    asked = (request for request in _contracts(Request) if request.owner() in (service, _EVERY_SERVICE))
    return {request.wire_name(): tuple(role for role in request.asked_by if role != service) for request in asked}


def _requests(role: Role, login: str, topics: Topics) -> Iterator[str]:
    """The topics of every request this role may ask, of each service that answers it but itself."""
    for request in _contracts(Request):
        if role in request.asked_by:
            owners = SERVICES if request.owner() == _EVERY_SERVICE else (request.owner(),)
            yield from (topics.request(owner, request, login) for owner in owners if owner != role)


def _states(role: Role, topics: Topics) -> Iterator[str]:
    """The filters of every retained state this role may read, ``+`` for each place in its path."""
    for state in _contracts(State):
        if role in state.read_by and state.owner() != role:
            yield f"{topics.root}/state/{state.owner()}/{_PLACE.sub('+', state.path)}"


def _privates(role: Role, topics: Topics) -> Iterator[str]:
    """The filters of every private state that this role reads at all registers."""
    for state in _contracts(PrivateState):
        if role in state.read_by and state.owner() != role:
            yield topics.privates_everywhere(state)


@cache
def _contracts(kind: type[M]) -> tuple[type[M], ...]:
    """Every message of a kind that the contracts define, in the order they are written in."""
    modules = [module for name in (*SERVICES, _EVERY_SERVICE) for module in modules_of(name)]
    return tuple(
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, kind) and found.__module__ == module.__name__
    )
