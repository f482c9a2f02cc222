"""What a custom field may be and hold.

Belongs here: the forms of the kinds. Never here: who may change a field, where it is shown.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from contracts.base import Malformed
from contracts.customers import DetailInvalid
from contracts.customers.fields import (
    CustomField,
    CustomFieldFixed,
    CustomFieldIncomplete,
    FieldKind,
    PrintedCustomerField,
    PutCustomField,
)
from contracts.customers.profile import CustomValue, FieldId
from services.customers.model.profile import calendar_day, link
from services.customers.model.texts import each_once, line

MOST_FIELDS = 250
LONGEST_TEXT = 1000
MOST_TEXTS = 100
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_LARGEST = 2**53 - 1
"""The largest whole number that every reader of JSON keeps (RFC 8259, section 6)."""


def put_custom_field(command: PutCustomField, before: CustomField | None) -> CustomField:
    """The field as it is from now on.

    Rejections:
        CustomFieldFixed: it belonged to something else, or was of another kind.
        CustomFieldIncomplete: choices are missing, or there are some that nobody can choose.
        Malformed: its label or a choice holds a control character or shows nothing.
    """
    if before is not None and (before.of, before.kind) != (command.of, command.kind):
        raise CustomFieldFixed(field="of" if before.of != command.of else "kind", custom_field=command.field)
    choices = each_once(_shown(each, f"choices[{place}]") for place, each in enumerate(command.choices))
    if bool(choices) != (command.kind == "choice"):
        raise CustomFieldIncomplete(field="choices", custom_field=command.field)
    given = {field.name: getattr(command, field.name) for field in msgspec.structs.fields(CustomField)}
    return CustomField(**{**given, "label": _shown(command.label, "label"), "choices": choices})


def custom_values(
    given: Mapping[FieldId, CustomValue | None], fields: Mapping[FieldId, CustomField]
) -> dict[FieldId, CustomValue]:
    """The values in their normal form, in the order of the fields' ids; null and blank ones are left out.

    Rejections:
        DetailInvalid: there is no such field, or its kind cannot hold that.
        Malformed: a text holds a control character.
    """
    kept: dict[FieldId, CustomValue] = {}
    for field_id, value in sorted(given.items()):
        where = f"custom.{field_id}"
        field = fields.get(field_id)
        if field is None:
            raise DetailInvalid(field=where, rule="custom-field")
        if value is None:
            continue
        normal = _FORMS[field.kind](value, where, field)
        if normal not in ("", ()):
            kept[field_id] = normal
    return kept


def printed(custom: Mapping[FieldId, CustomValue], fields: Iterable[CustomField]) -> tuple[PrintedCustomerField, ...]:
    """What of a record's fields receipts show, in the order in which the fields are given."""
    return tuple(
        PrintedCustomerField(each.label, each.kind, custom[each.field])
        for each in fields
        if each.printed and each.field in custom
    )


def check_editable_on_till(given: Mapping[FieldId, object], fields: Mapping[FieldId, CustomField]) -> None:
    """Refuse what a register may not change.

    Rejections:
        DetailInvalid: a field is not meant to be edited at a till.
    """
    for field_id in sorted(given):
        if field_id in fields and not fields[field_id].editable_on_till:
            raise DetailInvalid(field=f"custom.{field_id}", rule="editable-on-till")


def _shown(text: str, field: str) -> str:
    shown = line(text, field)
    if not shown:
        raise Malformed(field=f"$.{field}", rule="a text that shows something")
    return shown


def _text(value: Any, where: str, field: CustomField) -> str:  # noqa: ARG001 - all forms are asked alike
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise DetailInvalid(field=where, rule="text", most=LONGEST_TEXT)
    return line(value, where)


def _integer(value: Any, where: str, field: CustomField) -> int:  # noqa: ARG001 - as above
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
        raise DetailInvalid(field=where, rule="integer")
    return value


def _decimal(value: Any, where: str, field: CustomField) -> str:  # noqa: ARG001 - as above
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value.strip()):
        raise DetailInvalid(field=where, rule="decimal")
    return value.strip()


def _boolean(value: Any, where: str, field: CustomField) -> bool:  # noqa: ARG001 - as above
    if not isinstance(value, bool):
        raise DetailInvalid(field=where, rule="boolean")
    return value


def _date(value: Any, where: str, field: CustomField) -> str:  # noqa: ARG001 - as above
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise DetailInvalid(field=where, rule="date")
    calendar_day(value, where)
    return value


def _choice(value: Any, where: str, field: CustomField) -> str:
    if value not in field.choices:
        raise DetailInvalid(field=where, rule="choice")
    return str(value)


def _texts(value: Any, where: str, field: CustomField) -> tuple[str, ...]:
    if not isinstance(value, tuple | list) or len(value) > MOST_TEXTS:
        raise DetailInvalid(field=where, rule="list-of-text", most=MOST_TEXTS)
    return each_once(text for each in value if (text := _text(each, where, field)))


def _link(value: Any, where: str, field: CustomField) -> str:
    text = _text(value, where, field)
    return link(text, where) if text else ""


_FORMS: dict[FieldKind, Callable[[Any, str, CustomField], CustomValue]] = {
    "text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "choice": _choice,
    "list_of_text": _texts,
    "link": _link,
}
