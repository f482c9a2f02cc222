"""What becomes of each row of a batch: taken over as new, as a change, not at all.

Reads what the batch meets on file at once, then tells row by row. Never here: anything that writes.
"""

import itertools
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from contracts.base import Rejection
from contracts.customers import CodeTaken, Customer, GroupId, GroupNotFound, PossibleDuplicate, RevisionConflict
from contracts.customers.groups import Group, PutGroup
from contracts.customers.importing import CheckImport, ImportCustomers, ImportRow, RowOutcome, RowResult
from contracts.ids import CustomerId
from services.customers.model.duplicates import Suspect, Traits, name_key, new_traits, traits
from services.customers.model.groups import check_name, named_group
from services.customers.model.importing import (
    CustomerErased,
    How,
    Opening,
    balance_stands,
    creation,
    group_id,
    group_named,
    like_customers,
    likenesses,
    name_hash,
    openings,
    prove_distinct,
    refused,
    row_id,
    row_mark,
    update,
)
from services.customers.model.records import (
    Known,
    Rules,
    changed_customer,
    made_code,
    new_customer,
    with_made_code,
)
from services.customers.model.search import code_key
from services.customers.store.importing import KeptRow, Met, Shelf


class Standards(NamedTuple):
    """What rows are held against."""

    rules: Rules
    today: date
    secret: bytes
    new_id: Callable[[], str]
    """Makes the ids of new customers."""


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a row. ``after`` is to be kept: as new where there is no ``before``. ``openings`` are booked."""

    row: ImportRow
    result: RowResult
    kept: KeptRow | None = None
    before: Customer | None = None
    after: Customer | None = None
    openings: tuple[Opening, ...] = ()
    suspects: tuple[Suspect, ...] = ()


class Batch:
    """Rows of one message, judged in their order; whoever takes them over says so, for a later row may meet them."""

    def __init__(self, shelf: Shelf, request: ImportCustomers | CheckImport, held: Standards) -> None:
        prove_distinct(request.rows)
        self._request = request
        self._secret = held.secret
        self._marks = {row.row: row_mark(row, held.secret) for row in request.rows}
        self._rules = msgspec.structs.replace(held.rules, country=request.country or held.rules.country)
        self._known = Known(held.today, shelf.custom_fields.of("customer"))
        self._duplicates = shelf.duplicates
        self.groups = {each.group: each.name for each in shelf.groups.all()}
        """All groups by now, those made for rows included."""
        self.new_groups: dict[GroupId, str] = {}
        self._customers, self._store = shelf.customers, shelf.imports
        self._ids = {row.row: row_id(request.source, row.key, held.secret) for row in request.rows}
        self._taken_over = self._store.taken_over(set(self._ids.values()))
        self._on_file = self._load(request.rows, held.new_id)
        named = {self._on_file.ids[row.row] for row in request.rows if row.customer_id}
        self._erased = self._store.erased({*named, *(each.customer_id for each in self._taken_over.values())})
        self._holders = self._store.holders(self._codes(request.rows))
        self._met = Met()
        self._looks: dict[int, tuple[Customer, Traits]] = {}
        self._refused: set[int] = set()
        """Rows that the first look refuses, so that nothing comes of them unless an earlier row made their customer."""
        self._fresh = Met()
        self._look_at_all(request.rows)

    def judge(self, row: ImportRow) -> Verdict:
        """Tell what becomes of a row."""
        # A row's refusal is a line of the report, not the answer to the message.
        try:
            return self._judged(row)
        except Rejection as rejection:
            return Verdict(row, refused(row, rejection))

    def meets_fresh(self, row: ImportRow) -> bool:
        """Whether a row may be about somebody whom an earlier one of this batch made, or changes who is on file."""
        look = self._looks.get(row.row)
        if look is not None:
            return _shared(look[1], self._fresh)
        return row.row not in self._refused or self._on_file.ids[row.row] in self._on_file.records

    def on_file(self, row: ImportRow, customer: Customer) -> None:
        """An earlier row made or changed a customer."""
        looked = self._looks.get(row.row)
        look = traits(customer) if looked is None else looked[1]
        self._fresh = Met(
            self._fresh.emails | look.emails, self._fresh.phones | look.phones, self._fresh.names | {look.name}
        )
        codes = map(code_key, (*customer.codes, *customer.blocked_codes))
        self._holders |= dict.fromkeys(codes, customer.customer_id)
        self._on_file.records[customer.customer_id] = customer

    def _judged(self, row: ImportRow) -> Verdict:
        own_id, mark = self._ids[row.row], self._marks[row.row]
        before_row = self._taken_over.get(own_id)
        customer_id = CustomerId(before_row.customer_id) if before_row else self._on_file.ids[row.row]
        if customer_id in self._erased:
            raise CustomerErased(customer_id=customer_id)
        if before_row is not None and before_row.mark == mark:
            return Verdict(row, RowResult(row.row, "unchanged", customer_id))
        present = self._present(customer_id) if before_row else customer_id
        on_file = self._on_file.records.get(present)
        kept = KeptRow(own_id, customer_id, mark)
        if on_file is not None:
            return self._of_known(row, on_file, kept, "replace" if row.customer_id else "add")
        return self._of_new(row, customer_id, kept)

    def _of_known(self, row: ImportRow, before: Customer, kept: KeptRow, how: How) -> Verdict:
        if row.expected_revision is not None and row.expected_revision != before.revision:
            raise RevisionConflict(field="revision", revision=before.revision, rule=f"revision is {before.revision}")
        group = self._group(row)
        after = changed_customer(before, update(before, row, group, how), self._rules, self._known)
        kept = kept._replace(customer_id=before.customer_id)
        opens = self._opens(row, before.customer_id, how)
        if after.revision == before.revision:
            outcome: RowOutcome = "changed" if opens else "unchanged"
            return Verdict(row, RowResult(row.row, outcome, before.customer_id), kept, before, None, opens)
        self._check_codes(after, before)
        suspects = () if how == "fill" else self._duplicates.of(after, before)
        if suspects and self._request.on_duplicate == "refuse":
            raise PossibleDuplicate(field="on_duplicate", duplicates=[each.told() for each in suspects])
        result = RowResult(row.row, "changed", before.customer_id)
        if how != "fill":
            result = self._with_look(result, new_traits(before, after))
        return Verdict(row, result, kept, before, after, opens, suspects)

    def _opens(self, row: ImportRow, customer_id: CustomerId, how: How) -> tuple[Opening, ...]:
        """What a row brings along for somebody on file: only where nothing was ever booked.

        Who was here before and is named by the shop's own id has the shop's own balances, whatever the file says.
        """
        if how == "replace":
            return ()
        brought = openings(row)
        stands = [ledger for ledger, _ in brought if self._store.was_booked(ledger, customer_id)]
        if stands and how == "fill":
            raise balance_stands(stands[0])
        return tuple(each for each in brought if each[0] not in stands)

    def _of_new(self, row: ImportRow, customer_id: CustomerId, kept: KeptRow) -> Verdict:
        group = self._group(row)
        # Made anew only where the first look refused it: to be refused again, with its reason.
        looked = self._looks.get(row.row)
        customer = looked[0] if looked else self._new(row, customer_id)
        customer = customer if group is None else msgspec.structs.replace(customer, group=group)
        self._check_codes(customer)
        suspects = self._suspects(customer, row)
        if suspects and self._request.on_duplicate != "save_anyway":
            return self._of_like(row, customer, kept, suspects)
        if self._rules.make_codes:
            customer = with_made_code(customer, self._taken, self._secret)
        # The id of who is only tried is nobody's.
        told_id = row.customer_id if isinstance(self._request, CheckImport) else customer_id
        result = self._with_look(RowResult(row.row, "created", told_id), looked[1] if looked else traits(customer))
        return Verdict(row, result, kept, None, customer, openings(row), suspects)

    def _of_like(self, row: ImportRow, customer: Customer, kept: KeptRow, suspects: tuple[Suspect, ...]) -> Verdict:
        """What becomes of a row that may be somebody on file: it fills the one of the same contact and the same name.

        A contact alone says little: a family has one telephone, an office one address, and each of them money.
        """
        look = traits(customer)
        near = [each for each in suspects if each.strength == "strong"]
        same = [each for each in near if look.name and name_key(each.customer) == look.name]
        if self._request.on_duplicate != "fill" or len(same) != 1:
            rule = "several have the same name, too" if same else "only who has the same contact and name is filled"
            why = {"rule": rule} if self._request.on_duplicate == "fill" else {}
            raise PossibleDuplicate(field="on_duplicate", duplicates=[each.told() for each in suspects], **why)
        verdict = self._of_known(row, same[0].customer, kept, "fill")
        result = msgspec.structs.replace(verdict.result, duplicates=like_customers([same[0].told()]))
        return msgspec.structs.replace(verdict, result=self._with_look(result, look))

    def _with_look(self, result: RowResult, look: Traits) -> RowResult:
        """What is told of a row that is only tried, so that rows of one file can be held against each other."""
        if not isinstance(self._request, CheckImport):
            return result
        contacts, likely = likenesses(look, self._secret)
        named = name_hash(look, self._secret)
        return msgspec.structs.replace(result, contacts=contacts, likenesses=likely, name_hash=named)

    def _suspects(self, customer: Customer, row: ImportRow) -> tuple[Suspect, ...]:
        look = self._looks.get(row.row)
        if look is None or _shared(look[1], self._met) or _shared(look[1], self._fresh):
            return self._duplicates.of(customer)
        return ()

    def _group(self, row: ImportRow) -> GroupId | None:
        """The group that a row names; one that is unknown is made where that is wanted."""
        field = "group" if row.group is not None else "group_name"
        if row.group is None and not row.group_name.strip():
            return None
        if row.group in self.groups:
            return row.group
        found = group_named(row.group_name, self.groups) if row.group is None else None
        if found is not None:
            return found
        if not self._request.make_groups:
            raise GroupNotFound(field=field, group=row.group, rule="a group of the shop; others are made on request")
        own_id = row.group or group_id(row.group_name, self.groups)
        made = named_group(PutGroup(own_id, row.group_name or own_id))
        check_name(made, itertools.starmap(Group, self.groups.items()), "group_name")
        self.groups[made.group] = self.new_groups[made.group] = made.name
        return made.group

    def _check_codes(self, customer: Customer, before: Customer | None = None) -> None:
        own = () if before is None else (*before.codes, *before.blocked_codes)
        for field, codes in (("codes", customer.codes), ("blocked_codes", customer.blocked_codes)):
            for place, code in enumerate(codes):
                held_by = self._holders.get(code_key(code), customer.customer_id)
                if code not in own and held_by != customer.customer_id:
                    raise CodeTaken(field=f"{field}[{place}]")

    def _taken(self, codes: Sequence[str], _: None) -> frozenset[str]:
        unknown = [key for key in map(code_key, codes) if key not in self._asked_codes]
        if unknown:
            self._holders |= self._store.holders(unknown)
        return frozenset(code for code in codes if code_key(code) in self._holders)

    def _new(self, row: ImportRow, customer_id: CustomerId) -> Customer:
        return new_customer(creation(row, customer_id, None), self._rules, self._known)

    def _look_at_all(self, rows: Sequence[ImportRow]) -> None:
        """Make a record of every row that may be a new customer, and ask at once whom all of these meet."""
        for row in rows:
            customer_id = self._on_file.ids[row.row]
            if self._ids[row.row] in self._taken_over or customer_id in self._on_file.records:
                continue
            try:
                customer = self._new(row, customer_id)
            except Rejection:
                self._refused.add(row.row)
                continue
            self._looks[row.row] = customer, traits(customer)
        self._met = self._store.met([look for _, look in self._looks.values()])

    def _codes(self, rows: Sequence[ImportRow]) -> set[str]:
        said = {code for row in rows for code in (*row.codes, *row.blocked_codes)}
        made = {made_code(self._on_file.ids[row.row], self._secret) for row in rows if not row.codes}
        self._asked_codes = set(map(code_key, said | made))
        return self._asked_codes

    def _load(self, rows: Sequence[ImportRow], new_id: Callable[[], str]) -> "_OnFile":
        """Whom the rows are about, as they are on file now."""
        ids = {row.row: self._present(row.customer_id) if row.customer_id else CustomerId(new_id()) for row in rows}
        named = {ids[row.row] for row in rows if row.customer_id}
        changed = {
            self._present(CustomerId(taken.customer_id))
            for row in rows
            if (taken := self._taken_over.get(self._ids[row.row])) and taken.mark != self._marks[row.row]
        }
        return _OnFile(ids, self._customers.load(sorted(named | changed)))

    def _present(self, customer_id: CustomerId) -> CustomerId:
        return self._customers.present_id(customer_id)


class _OnFile(NamedTuple):
    ids: dict[int, CustomerId]
    records: dict[str, Customer]


def _shared(look: Traits, met: Met) -> bool:
    return bool(look.emails & met.emails or look.phones & met.phones or look.name in met.names)
