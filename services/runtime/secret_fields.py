"""Secret fields of messages (a PIN): known by their contract, left out wherever a message is kept."""

from functools import cache
from typing import Any

import msgspec
from msgspec import inspect


@cache
def secret_fields(message: type[msgspec.Struct]) -> frozenset[str]:
    """The fields of a message that its contract marks as secret."""
    described = inspect.type_info(message)
    if not isinstance(described, inspect.StructType):
        return frozenset()
    return frozenset(field.encode_name for field in described.fields if _is_secret(field.type))


def without_secrets(message: msgspec.Struct) -> dict[str, Any]:
    """A message as plain values, without its secret fields."""
    values: dict[str, Any] = msgspec.to_builtins(message)
    return {name: value for name, value in values.items() if name not in secret_fields(type(message))}


def _is_secret(described: inspect.Type) -> bool:
    if isinstance(described, inspect.Metadata):
        return bool((described.extra or {}).get("secret")) or _is_secret(described.type)
    if isinstance(described, inspect.UnionType):
        return any(_is_secret(part) for part in described.types)
    return False
