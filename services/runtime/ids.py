"""Ids: new ones that sort by time, and ones that follow from another so that repeating is harmless."""

import re
import uuid
from typing import Protocol

import uuid_utils

from contracts.ids import UUID_PATTERN

_UUID = re.compile(UUID_PATTERN)


class Ids(Protocol):
    """Makes ids; passed in so that a test can foresee them."""

    def new(self) -> str:
        """A new id, a UUID of version 7."""
        ...

    def derived(self, parent: str, purpose: str) -> str:
        """The id that follows from a parent id and a purpose; the same every time."""
        ...


class RandomIds:
    """Ids as they are made in the shop."""

    def new(self) -> str:
        """A new id, a UUID of version 7."""
        return str(uuid_utils.uuid7())

    def derived(self, parent: str, purpose: str) -> str:
        """The id that follows from a parent id and a purpose; the same every time."""
        return derived(parent, purpose)


def derived(parent: str, purpose: str) -> str:
    """The UUID of version 5 that a parent id and a purpose give."""
    return str(uuid.uuid5(uuid.UUID(parent), purpose))


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in lower case, as messages carry them."""
    return _UUID.fullmatch(text) is not None
