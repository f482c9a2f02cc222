"""What the sender of a payload that does not fit is told: which field, and which rule of the contract.

Belongs here: a decoder's error turned into the rejection. Never here: what was in the payload.
"""

import re
from functools import cache

import msgspec
from msgspec import inspect

from contracts.base import Malformed

NOT_JSON = "The payload is not one JSON object in UTF-8; mend it and send it again with a new id."
_OWN_FIELD = re.compile(r"\$\.([^.\[]+)(?:\[[0-9]+\])?")
"""A field of the message itself, or an entry of one that is a list."""
_STEP = re.compile(r"\.([^.\[]+)")
"""The name of one field in a path such as ``$.overrides[0].contact.level``; lists are passed through."""
_AGAINST_A_PATTERN = " matching regex "


def malformed(error: Exception, request: type[msgspec.Struct]) -> Malformed:
    """The rejection for what a request's decoder found wrong.

    A pattern is told in the words of the contract where it has any; how to read a regular
    expression is not what the sender must know.
    """
    if not isinstance(error, msgspec.ValidationError):
        return Malformed(NOT_JSON, field="$", rule=f"the payload is one JSON object in UTF-8: {error}")
    rule, _, path = str(error).partition(" - at `")
    field = path.rstrip("`") or "$"
    own = _OWN_FIELD.fullmatch(field)
    if own is not None and _AGAINST_A_PATTERN in rule:
        rule = descriptions(request).get(own[1], rule)
    return Malformed(field=field, rule=rule)


@cache
def descriptions(request: type[msgspec.Struct]) -> dict[str, str]:
    """What the contract says about the fields of a request, by their names on the wire."""
    described = inspect.type_info(request)
    if not isinstance(described, inspect.StructType):
        return {}
    told = ((field.encode_name, _description(field.type)) for field in described.fields)
    return {name: text for name, text in told if text}


def _description(described: inspect.Type) -> str:
    if isinstance(described, inspect.Metadata):
        return str((described.extra_json_schema or {}).get("description", "")) or _description(described.type)
    if isinstance(described, inspect.UnionType):
        return next(filter(None, map(_description, described.types)), "")
    if isinstance(described, inspect.VarTupleType):
        return _description(described.item_type)
    return ""


def choices(message: type[msgspec.Struct], field: str) -> tuple[str, ...]:
    """The words that a field may hold, found by its path; none where it may hold any."""
    described: inspect.Type = inspect.type_info(message)
    for name in (*_STEP.findall(field), ""):
        while isinstance(described, inspect.Metadata | inspect.UnionType | inspect.VarTupleType):
            if isinstance(described, inspect.Metadata):
                described = described.type
            elif isinstance(described, inspect.UnionType):
                described = next(each for each in described.types if not isinstance(each, inspect.NoneType))
            else:
                described = described.item_type
        if isinstance(described, inspect.StructType):
            described = next((each.type for each in described.fields if each.encode_name == name), described)
    return tuple(map(str, described.values)) if isinstance(described, inspect.LiteralType) else ()
