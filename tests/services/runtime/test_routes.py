"""What a route must bring along to be put together."""

from typing import Any

import pytest

from contracts.base import Command, Query, Reply
from services.runtime.service import WiringError, command, query


class Told(Reply, frozen=True):
    """Tells something personal now and then."""

    name: str = ""

    @property
    def is_personal(self) -> bool:
        return bool(self.name)


class Ask(Command[Told], frozen=True):
    """Asks."""


def told(_asked: Ask, _tx: Any) -> Told:
    return Told()


def test_a_reply_that_is_personal_now_and_then_must_be_given_again_by_the_route() -> None:
    with pytest.raises(WiringError, match="rebuild"):
        command(Ask, told)

    assert command(Ask, told, rebuild=told).rebuild is told


class Look(Query[Told], frozen=True):
    """Looks."""


def test_a_query_that_asks_others_cannot_be_answered_from_memory() -> None:
    with pytest.raises(WiringError, match="coroutine"):
        query(Look, lambda _look, _view: Told(), asks=True)
