"""What a shop's own fields hold of a sale and of its lines. Pure.

What a field may hold the customers service says, which knows the fields. Each value is kept with what its field was
called and whether it is printed, so that a receipt shows for ever what it showed first.
"""

from collections.abc import Iterable, Mapping

import msgspec

from contracts.checkout.custom import CustomValuesTooLong
from contracts.checkout.reading import PrintedField
from contracts.customers.fields import CustomField, FieldKind
from contracts.customers.profile import CustomValue, FieldId
from contracts.ids import LineItemId

MOST_CHARACTERS = 50_000
"""Of one sale with all its lines: what a register is shown of it must fit into one message."""


class Filled(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value, and the field as it was when it was filled."""

    value: CustomValue
    kind: FieldKind
    label: str
    printed: bool = False


class Changes(msgspec.Struct, frozen=True):
    """What fields are filled with anew; those of ``emptied`` hold nothing from now on."""

    filled: dict[FieldId, Filled]
    emptied: frozenset[FieldId]

    @classmethod
    def of(
        cls, named: Iterable[FieldId], values: Mapping[FieldId, CustomValue], fields: Iterable[CustomField]
    ) -> "Changes":
        """What was named, with the values that say something and the fields they are of."""
        by_id = {each.field: each for each in fields}
        filled = {
            field_id: Filled(value, by_id[field_id].kind, by_id[field_id].label, by_id[field_id].printed)
            for field_id, value in values.items()
        }
        return cls(filled, frozenset(named) - filled.keys())


def changed(before: Mapping[FieldId, Filled], changes: Changes) -> dict[FieldId, Filled]:
    """The fields as they are from now on, in the order of their ids."""
    kept = {field_id: filled for field_id, filled in before.items() if field_id not in changes.emptied}
    return dict(sorted((kept | changes.filled).items()))


def prove_not_too_long(all_filled: Iterable[Mapping[FieldId, Filled]]) -> None:
    """Check that a sale's fields and those of its lines are together not too long.

    Rejections:
        CustomValuesTooLong: they are.
    """
    characters = sum(
        len(field_id) + len(each.label) + length(each.value)
        for filled in all_filled
        for field_id, each in filled.items()
    )
    if characters > MOST_CHARACTERS:
        raise CustomValuesTooLong(field="values", most=MOST_CHARACTERS)


def values(filled: Mapping[FieldId, Filled]) -> dict[FieldId, CustomValue]:
    """What the fields hold."""
    return {field_id: each.value for field_id, each in filled.items()}


def printed(filled: Mapping[FieldId, Filled], line_item_id: LineItemId | None) -> list[PrintedField]:
    """What of it stands on the receipt, of a line if that is named."""
    return [PrintedField(line_item_id, each.label, each.kind, each.value) for each in filled.values() if each.printed]


def length(value: CustomValue) -> int:
    """How many characters a value has."""
    return sum(map(len, value)) if isinstance(value, tuple) else len(str(value))
