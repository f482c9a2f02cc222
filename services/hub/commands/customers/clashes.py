"""Which rows of one file are about the same person: what a check of each by itself cannot tell.

Never here: what makes two alike; the customers service tells that by hashes.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from contracts.customers.importing import ImportRow, OnDuplicate, RowResult
from contracts.ids import CustomerId
from services.customers.exchange.rows import compared_by
from services.runtime.ids import is_uuid

_OPENINGS: Final = {"store_credit": "opening_store_credit", "account": "opening_owed", "loyalty": "opening_points"}


class _Earlier(NamedTuple):
    """A row before, and whom it made or changed: a customer's id, or the row that makes somebody new."""

    row: int
    who: str
    name_hash: str | None


class Clashes:
    """Rows that were tried so far, each as if those before it had been taken over."""

    def __init__(self, on_duplicate: OnDuplicate) -> None:
        self._on_duplicate = on_duplicate
        self._contacts: dict[str, dict[str, _Earlier]] = {}
        self._likenesses: dict[str, dict[str, _Earlier]] = {}
        self._codes: dict[str, _Earlier] = {}
        self._opened: dict[tuple[str, str], int] = {}

    def judged(self, row: ImportRow, result: RowResult) -> RowResult:
        """What would become of a row after all those before it."""
        if result.outcome == "refused":
            return result
        told = self._held(row, result)
        if told.outcome != "refused":
            self._remember(row, told)
        # Who is made by this file has no id yet.
        return told if is_uuid(told.customer_id or "") else msgspec.structs.replace(told, customer_id=None)

    def _held(self, row: ImportRow, result: RowResult) -> RowResult:
        who = result.customer_id or f"row {row.row}"
        for field, codes in (("codes", row.codes), ("blocked_codes", row.blocked_codes)):
            for place, code in enumerate(codes):
                # As the service compares them: whatever their case.
                holder = self._codes.get(compared_by(code))
                if holder is not None and holder.who != who:
                    return _refused(result, "code-taken", f"{field}[{place}]", f"row {holder.row} has that code")
        near, likely = _met(self._contacts, result.contacts, who), _met(self._likenesses, result.likenesses, who)
        match self._on_duplicate:
            case "refuse" if near or likely:
                return _alike(result, *near, *likely)
            case "fill" if result.outcome == "created" or result.duplicates:
                return self._opening(self._filled(result, near, likely))
            case _:
                return self._opening(result)

    def _filled(self, result: RowResult, near: list[_Earlier], likely: list[_Earlier]) -> RowResult:
        """As the service judges: filled is the one who has the same contact and the same name, else nobody."""
        same = [each for each in near if result.name_hash and each.name_hash == result.name_hash]
        if result.duplicates and not same:
            filled = result
        elif result.outcome == "created" and len(same) == 1:
            who = CustomerId(same[0].who)
            filled = msgspec.structs.replace(result, outcome="changed", customer_id=who)
        elif near or likely:
            return _alike(result, *near, *likely)
        else:
            return result
        return filled

    def _opening(self, result: RowResult) -> RowResult:
        """Refused where a row before opens a balance for the same customer in the same ledger."""
        for ledger in result.opens:
            first = self._opened.get((result.customer_id or "", ledger))
            if first is not None:
                rule = f"row {first} brings such a balance for them already"
                return _refused(result, "balance-stands", _OPENINGS[ledger], rule)
        return result

    def _remember(self, row: ImportRow, result: RowResult) -> None:
        who = result.customer_id or f"row {row.row}"
        this = _Earlier(row.row, who, result.name_hash)
        # Of who stays as they are the service knows the codes.
        for code in () if result.outcome == "unchanged" else (*row.codes, *row.blocked_codes):
            self._codes.setdefault(compared_by(code), this)
        for seen, hashes in ((self._contacts, result.contacts), (self._likenesses, result.likenesses)):
            for each in hashes:
                seen.setdefault(each, {}).setdefault(who, this)
        for ledger in result.opens:
            self._opened.setdefault((who, ledger), row.row)


def _met(seen: dict[str, dict[str, _Earlier]], hashes: Iterable[str], who: str) -> list[_Earlier]:
    """Those before who have any of it, each once; whom the row itself is about is no other."""
    found = {each.who: each for hashed in hashes for each in seen.get(hashed, {}).values() if each.who != who}
    return list(found.values())


def _alike(result: RowResult, *earlier: _Earlier) -> RowResult:
    return _refused(result, "possible-duplicate", "on_duplicate", f"row {earlier[0].row} may be the same person")


def _refused(result: RowResult, code: str, field: str, rule: str) -> RowResult:
    return msgspec.structs.replace(
        result, outcome="refused", customer_id=None, code=code, field=field, rule=rule, duplicates=()
    )
