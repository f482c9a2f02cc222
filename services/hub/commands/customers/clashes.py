"""Which rows of one file are about the same person: what a check of each by itself cannot tell.

Never here: what makes two alike; the customers service tells that by hashes.
"""

import msgspec

from contracts.customers.importing import ImportRow, OnDuplicate, RowResult


class Clashes:
    """Rows that were tried so far, each as if those before it had been taken over."""

    def __init__(self, on_duplicate: OnDuplicate) -> None:
        self._on_duplicate = on_duplicate
        self._contacts: dict[str, int] = {}
        self._likenesses: dict[str, int] = {}
        self._codes: dict[str, int] = {}

    def judged(self, row: ImportRow, result: RowResult) -> RowResult:
        """What would become of a row after all those before it."""
        if result.outcome == "refused":
            return result
        holder = next((self._codes[code] for code in row.codes if code in self._codes), None)
        if result.outcome == "created":
            strong = next((self._contacts[each] for each in result.contacts if each in self._contacts), None)
            likely = next((self._likenesses[each] for each in result.likenesses if each in self._likenesses), None)
            if strong is not None and self._on_duplicate == "fill":
                return msgspec.structs.replace(result, outcome="changed", customer_id=None)
            first = strong or likely
            if first is not None and self._on_duplicate != "save_anyway":
                return _refused(result, "possible-duplicate", "on_duplicate", f"row {first} may be the same person")
        if holder is not None:
            return _refused(result, "code-taken", "codes[0]", f"row {holder} has that code")
        self._codes |= dict.fromkeys(row.codes, row.row)
        for seen, hashes in ((self._contacts, result.contacts), (self._likenesses, result.likenesses)):
            for each in hashes:
                seen.setdefault(each, row.row)
        return result


def _refused(result: RowResult, code: str, field: str, rule: str) -> RowResult:
    return msgspec.structs.replace(result, outcome="refused", customer_id=None, code=code, field=field, rule=rule)
