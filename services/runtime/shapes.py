"""What is kept of a message that met a bug: its shape, by which a person finds the bug, and no text of it.

What was typed may be anything, in a field meant for a barcode too; it would outlive the erasure of whoever it names.
"""

from typing import Any

import msgspec
from msgspec import inspect

from services.runtime.ids import is_uuid
from services.runtime.secret_fields import secret_fields

Shape = Any
"""Plain values as JSON has them."""


def shape_of(message: msgspec.Struct) -> dict[str, Shape]:
    """Which fields a message had: ids, numbers and the contract's own words as they were, of any text how long it was.

    Secret fields are left out.
    """
    described = inspect.type_info(type(message))
    assert isinstance(described, inspect.StructType)  # noqa: S101 - what else a struct would be
    values: dict[str, Any] = msgspec.to_builtins(message)
    secret = secret_fields(type(message))
    return _fields(described, {name: value for name, value in values.items() if name not in secret})


def _shape(described: inspect.Type, value: Any) -> Shape:
    options = _options(described)
    if isinstance(value, str):
        return value if is_uuid(value) or _is_own_word(options, value) else _counted("text of", value, "character")
    if isinstance(value, dict):
        known = next((each for each in options if isinstance(each, inspect.StructType)), None)
        return _counted("", value, "entry", "entries") if known is None else _fields(known, value)
    if isinstance(value, list | tuple):
        return [_shape(_item(options), each) for each in value]
    of_the_shop = all(isinstance(each, inspect.AnyType) for each in options)
    if value is None or (isinstance(value, int | float) and not of_the_shop):
        return value
    return type(value).__name__


def _fields(described: inspect.StructType, values: dict[str, Any]) -> dict[str, Shape]:
    types = {field.encode_name: field.type for field in described.fields}
    return {name: _shape(types.get(name, inspect.AnyType()), value) for name, value in values.items()}


def _options(described: inspect.Type) -> list[inspect.Type]:
    """What a value may be, without what the contract says about it."""
    if isinstance(described, inspect.Metadata):
        return _options(described.type)
    if isinstance(described, inspect.UnionType):
        return [option for each in described.types for option in _options(each)]
    return [described]


def _item(options: list[inspect.Type]) -> inspect.Type:
    """What the parts of a list may be."""
    for each in options:
        if isinstance(each, inspect.ListType | inspect.VarTupleType | inspect.SetType | inspect.FrozenSetType):
            return each.item_type
    return inspect.AnyType()


def _is_own_word(options: list[inspect.Type], text: str) -> bool:
    """Whether a text is one that the contract lists, or a number written as text."""
    return any(
        (isinstance(each, inspect.LiteralType) and text in each.values) or isinstance(each, inspect.DecimalType)
        for each in options
    )


def _counted(before: str, value: Any, one: str, many: str | None = None) -> str:
    name = one if len(value) == 1 else many or f"{one}s"
    return f"{before} {len(value)} {name}".strip()
