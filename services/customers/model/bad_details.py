"""Details of a row that are none: taken out of it, to become lines of the notes.

Belongs here: which details may be taken out, and what then stands in the notes. Never here: what makes a detail one.
"""

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from contracts.base import Rejection
from contracts.customers import DetailInvalid
from contracts.customers.importing import ImportRow, NotedDetail

LONGEST_NOTES: Final = 5000
_LISTS: Final = {
    "emails": "email",
    "phones": "phone",
    "codes": "code",
    "blocked_codes": "blocked code",
    "websites": "website",
    "tags": "tag",
    "handles": "handle",
    "addresses": "address",
}
"""Lists of details, and what one of them is called in the notes."""
_SINGLE: Final = frozenset({"birth_date", "language", "receipt"})
_ANSWERED: Final = {"emails": ("email",), "phones": ("sms", "phone")}
"""About which contacts a row's answers are: the first one of them."""
_OTHER_FAULTS: Final = frozenset({"custom-field", "code-active-or-blocked", "placeholder-holds-nothing"})
"""Rules that say nothing against the detail itself: there is no such field, or it does not go with another detail."""
_PLACE: Final = re.compile(r"([a-z_]+)\[([0-9]+)\](?:\.([a-z_]+))?")


class TakenOut(NamedTuple):
    """A detail that was taken out: its path in the row as it was, what it is called, and what stood there."""

    field: str
    label: str
    text: str


class Details:
    """A row as plain values (``said``), from which details are taken out one by one."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.said = said
        self._places = {name: list(range(len(said.get(name) or ()))) for name in _LISTS}
        """Where what is left of each list stood at first."""

    def take_out(self, field: str) -> TakenOut | None:
        """Take out what stands at a path of the row as it is now; None where it is no detail that it can do without.

        An address in no country there is goes whole: it would be one of the store's country. So does an exemption.
        """
        found = _PLACE.fullmatch(field)
        if found is not None and found[1] in _LISTS:
            return self._of_list(found[1], int(found[2]), found[3])
        name = field.partition(".")[0]
        if name == "custom" and field.removeprefix("custom.") in self.said.get("custom", {}):
            key = field.removeprefix("custom.")
            return TakenOut(field, key, _text(self.said["custom"].pop(key)))
        if (name == "exemption" or field in _SINGLE) and self.said.get(name):
            return TakenOut(field, name.replace("_", " "), _text(self.said.pop(name)))
        return None

    def _of_list(self, name: str, place: int, part: str | None) -> TakenOut | None:
        held = list(self.said.get(name) or ())
        if place >= len(held):
            return None
        at_first = self._places[name][place]
        if name == "addresses" and part not in (None, "country", "kind"):
            text = held[place].pop(part, "")
            return TakenOut(f"{name}[{at_first}].{part}", part.replace("_", " "), text)
        text = _text(held.pop(place))
        del self._places[name][place]
        self.said[name] = held
        if place == 0:
            # Whoever comes next in the list did not say this yes; a no to one is a no to all.
            self.said["answers"] = [
                each
                for each in self.said.get("answers") or ()
                if each["answer"] == "no" or each["channel"] not in _ANSWERED.get(name, ())
            ]
        return TakenOut(f"{name}[{at_first}]" + (f".{part}" if part else ""), _LISTS[name], text)


def mended(row: ImportRow, check: Callable[[ImportRow], object]) -> tuple[ImportRow, tuple[NotedDetail, ...]]:
    """The row with what is no detail as lines of its notes, and what that is; what else is wrong with it stays so.

    Args:
        row: as it was sent.
        check: makes a record of a row, and rejects it by the field at fault.

    Rejections:
        DetailInvalid: the notes would become longer than they may be.
    """
    details = Details(msgspec.to_builtins(row))
    noted = [NotedDetail(each.field, each.rule) for each in row.bad_details]
    lines = [_line(each.field, each.text) for each in row.bad_details]
    now = row
    while (fault := _fault(now, check)) is not None:
        taken = details.take_out(fault.field)
        if taken is None:
            break
        noted.append(NotedDetail(taken.field, fault.rule))
        lines.append(_line(taken.label, taken.text))
        now = msgspec.convert(details.said, ImportRow)
    if not noted:
        return row, ()
    notes = "\n".join(filter(None, (row.notes.strip(), *lines)))
    if len(notes) > LONGEST_NOTES:
        raise DetailInvalid(field="notes", rule=f"at-most-{LONGEST_NOTES}")
    return msgspec.structs.replace(now, notes=notes), tuple(noted)


def _fault(row: ImportRow, check: Callable[[ImportRow], object]) -> NotedDetail | None:
    """The first detail of a row that is none, and why."""
    try:
        check(row)
    except Rejection as rejection:
        rule = str(rejection.details.get("rule", ""))
        field = str(rejection.details.get("field", "")).removeprefix("$.")
        return None if rule in _OTHER_FAULTS else NotedDetail(field, rule)
    return None


def _line(label: str, text: str) -> str:
    """A line of the notes; a sign that notes do not hold shows as one that could not be read."""
    return f"{label}: " + " ".join("".join(each if each.isprintable() else "\ufffd" for each in text).split())


def _text(value: Any) -> str:
    match value:
        case {"network": network, "name": name}:
            return f"{network}:{name}"
        case dict():
            return ", ".join(str(each) for name, each in value.items() if each and name != "kind")
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
