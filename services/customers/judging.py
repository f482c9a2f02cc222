"""What becomes of each row of a batch: taken over as new, as a change, not at all.

Reads what the batch meets on file at once, then tells row by row. Never here: anything that writes.
"""

import itertools
from collections.abc import Sequence
from datetime import date
from functools import cache, partial
from typing import NamedTuple

import msgspec

from contracts.base import Rejection
from contracts.customers import (
    CodeTaken,
    Customer,
    DetailInvalid,
    GroupId,
    GroupNotFound,
    PossibleDuplicate,
    RevisionConflict,
)
from contracts.customers.fields import CustomField
from contracts.customers.groups import Group, PutGroup
from contracts.customers.importing import (
    CheckImport,
    ImportCustomers,
    ImportRow,
    NotedDetail,
    RowOutcome,
    RowResult,
)
from contracts.customers.profile import FieldId
from contracts.ids import CustomerId
from services.customers.model.bad_details import mended
from services.customers.model.consent import ALL_PURPOSES, suppression
from services.customers.model.duplicates import Suspect, Traits, name_key, new_traits, traits
from services.customers.model.groups import check_name, named_group
from services.customers.model.importing import (
    Agreed,
    How,
    Opening,
    agreed,
    balance_stands,
    contact_digests,
    creation,
    customer_erased,
    group_id,
    group_named,
    like_customers,
    likenesses,
    name_hash,
    named_by,
    opening_id,
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
from services.runtime.ids import Ids


class Standards(NamedTuple):
    """What rows are held against."""

    rules: Rules
    today: date
    secret: bytes
    ids: Ids
    """Makes the ids of new customers, and those of opening entries."""


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a row. ``after`` is to be kept: as new where there is no ``before``. ``openings`` are booked."""

    row: ImportRow
    result: RowResult
    kept: KeptRow | None = None
    before: Customer | None = None
    after: Customer | None = None
    openings: tuple[Opening, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    terms: Agreed | None = None
    """Of the account, to be agreed on from now on."""


class Batch:
    """Rows of one message, judged in their order; whoever takes them over says so, for a later row may meet them."""

    def __init__(self, shelf: Shelf, request: ImportCustomers | CheckImport, held: Standards) -> None:
        prove_distinct(request.rows)
        self._request = request
        self._secret = held.secret
        self._digest = cache(partial(suppression, held.secret, ALL_PURPOSES))
        """Of an address, which is asked for when all rows are looked at, and again for each that is taken."""
        self._marks = {row.row: row_mark(row, held.secret) for row in request.rows}
        self._rules = msgspec.structs.replace(held.rules, country=request.country or held.rules.country)
        self._known = Known(held.today, _fields(shelf, request))
        self._derived = held.ids.derived
        self._duplicates = shelf.duplicates
        self.groups = {each.group: each.name for each in shelf.groups.all()}
        """All groups by now, those made for rows included."""
        self.new_groups: dict[GroupId, str] = {}
        self._customers, self._store, self._accounts = shelf.customers, shelf.imports, shelf.accounts
        self._ids = {row.row: row_id(request.source, self._key(row), held.secret) for row in request.rows}
        self._taken_over = self._store.taken_over(set(self._ids.values()))
        self._on_file = self._load(request.rows, held.ids)
        self._unfit: dict[int, Rejection] = {}
        """Rows of which a detail is none that cannot become a line of the notes."""
        self._noted: dict[int, tuple[NotedDetail, ...]] = {}
        self._lines_alone: set[int] = set()
        """Rows without notes of their own, of which details became lines of the notes."""
        rows = {row.row: self._mended(row) for row in request.rows}
        self._rows = rows
        named = {self._on_file.ids[row.row] for row in request.rows if row.customer_id}
        self._erased = self._store.erased({*named, *(each.customer_id for each in self._taken_over.values())})
        self._holders = self._store.holders(self._codes(request.rows))
        self._met = Met()
        self._looks: dict[int, tuple[Customer, Traits]] = {}
        self._refused: set[int] = set()
        """Rows that the first look refuses, so that nothing comes of them unless an earlier row made their customer."""
        self._fresh = Met()
        self._looked_for: frozenset[bytes] = frozenset()
        """Hashes of the rows' addresses, and in ``_gone`` those among them that are of the erased."""
        self._gone: frozenset[bytes] = frozenset()
        self._look_at_all(list(rows.values()))

    def judge(self, row: ImportRow) -> Verdict:
        """Tell what becomes of a row."""
        # A row's refusal is a line of the report, not the answer to the message.
        try:
            verdict = self._judged(self._rows[row.row])
        except Rejection as rejection:
            return Verdict(row, refused(row, rejection))
        noted = self._noted.get(row.row, ())
        if not noted or verdict.result.outcome == "unchanged":
            return verdict
        return msgspec.structs.replace(verdict, result=msgspec.structs.replace(verdict.result, noted=noted))

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
        if row.row in self._unfit:
            raise self._unfit[row.row]
        own_id, mark = self._ids[row.row], self._marks[row.row]
        before_row = self._taken_over.get(own_id)
        customer_id = CustomerId(before_row.customer_id) if before_row else self._on_file.ids[row.row]
        if customer_id in self._erased:
            raise customer_erased(customer_id=customer_id)
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
        change = update(before, row, group, how, adds_notes=row.row in self._lines_alone)
        after = changed_customer(before, change, self._rules, self._known)
        kept = kept._replace(customer_id=before.customer_id)
        opens = self._opens(row, before.customer_id, kept.row_id, how)
        terms = self._terms(row, before, how)
        if after.revision == before.revision:
            outcome: RowOutcome = "changed" if opens or terms else "unchanged"
            result = self._with_openings(RowResult(row.row, outcome, before.customer_id), opens)
            return Verdict(row, result, kept, before, None, opens, terms=terms)
        self._prove_not_erased(after, before)
        self._check_codes(after, before)
        suspects = () if how == "fill" else self._duplicates.of(after, before)
        if suspects and self._request.on_duplicate == "refuse":
            raise PossibleDuplicate(field="on_duplicate", duplicates=[each.told() for each in suspects])
        result = self._with_openings(RowResult(row.row, "changed", before.customer_id), opens)
        if how != "fill":
            result = self._with_look(result, new_traits(before, after))
        return Verdict(row, result, kept, before, after, opens, suspects, terms)

    def _terms(self, row: ImportRow, on_file: Customer, how: How) -> Agreed | None:
        """What of the account's terms is new for somebody on file; an older file does not take back newer terms."""
        if row.account_terms is None:
            return None
        if on_file.placeholder:
            raise DetailInvalid(field="account_terms", rule="placeholder-holds-nothing")
        kept = self._accounts.kept(on_file.customer_id)
        told = agreed(row, kept.terms if kept.there else None, how)
        expected, revision = row.account_terms.expected_revision, kept.terms.revision
        if told is not None and expected is not None and expected != revision:
            raise RevisionConflict(field="account_revision", revision=revision, rule=f"revision is {revision}")
        return told

    def _opens(self, row: ImportRow, customer_id: CustomerId, row_id: str, how: How) -> tuple[Opening, ...]:
        """What a row brings along for somebody on file: only where nothing was ever booked.

        Who was here before and is named by the shop's own id has the shop's own balances, whatever the file says. What
        this very row opened before is counted already; anything else is not passed over without a word.
        """
        if how == "replace":
            return ()
        opens = []
        for ledger, amount in openings(row):
            if not self._store.was_booked(ledger, customer_id):
                opens.append((ledger, amount))
            elif self._store.amount_of(opening_id(row_id, ledger, self._derived)) != amount:
                raise balance_stands(ledger)
        return tuple(opens)

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
        self._prove_not_erased(customer)
        if self._rules.make_codes:
            customer = with_made_code(customer, self._taken, self._secret)
        # The id of who is only tried is nobody's.
        told_id = row.customer_id if isinstance(self._request, CheckImport) else customer_id
        opens = openings(row)
        result = self._with_openings(RowResult(row.row, "created", told_id), opens)
        result = self._with_look(result, looked[1] if looked else traits(customer))
        return Verdict(row, result, kept, None, customer, opens, suspects, agreed(row, None))

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

    def _with_openings(self, result: RowResult, opens: tuple[Opening, ...]) -> RowResult:
        """The same for balances: of somebody on file no two rows open one in the same ledger."""
        if not opens or not isinstance(self._request, CheckImport):
            return result
        return msgspec.structs.replace(result, opens=tuple(ledger for ledger, _ in opens))

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

    def _prove_not_erased(self, customer: Customer, before: Customer | None = None) -> None:
        """Refuse what would bring an erased person back: by their address, whatever file or system names them.

        Who has the address on file already, as one of a family has, goes on with it.
        """
        own = () if before is None else (*before.emails, *before.phones)
        digests = contact_digests(customer, self._digest, own)
        gone = self._gone | self._store.erased_addresses(set(digests.values()) - self._looked_for)
        for field, digest in digests.items():
            if digest in gone:
                raise customer_erased(field=field)

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
        new = [contact_digests(customer, self._digest) for customer, _ in self._looks.values()]
        self._looked_for = frozenset(digest for each in new for digest in each.values())
        self._gone = self._store.erased_addresses(self._looked_for)

    def _codes(self, rows: Sequence[ImportRow]) -> set[str]:
        said = {code for row in rows for code in (*row.codes, *row.blocked_codes)}
        made = {made_code(self._on_file.ids[row.row], self._secret) for row in rows if not row.codes}
        self._asked_codes = set(map(code_key, said | made))
        return self._asked_codes

    def _mended(self, row: ImportRow) -> ImportRow:
        """The row with what is no detail as lines of its notes, where that is wanted."""
        try:
            if self._request.bad_details == "refuse":
                if row.bad_details:
                    raise DetailInvalid(field=row.bad_details[0].field, rule=row.bad_details[0].rule)
                return row
            taken_over = self._taken_over.get(self._ids[row.row])
            if taken_over is not None and taken_over.mark == self._marks[row.row]:
                return row
            now, noted = mended(row, lambda each: self._new(each, self._on_file.ids[row.row]))
        except Rejection as rejection:
            self._unfit[row.row] = rejection
            return row
        if noted:
            self._noted[row.row] = noted
            if not row.notes.strip():
                self._lines_alone.add(row.row)
        return now

    def _key(self, row: ImportRow) -> str:
        """What a row is known by: as it says, unless that is a detail that goes to the notes."""
        return named_by(row, self._rules.country) if self._request.bad_details == "to_notes" else row.key

    def _load(self, rows: Sequence[ImportRow], new: Ids) -> "_OnFile":
        """Whom the rows are about, as they are on file now."""
        ids = {row.row: self._present(row.customer_id) if row.customer_id else CustomerId(new.new()) for row in rows}
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


def _fields(shelf: Shelf, request: ImportCustomers | CheckImport) -> dict[FieldId, CustomField]:
    """The custom fields of customers; tried as if those that nobody has were made, where that is wanted."""
    everybodys = shelf.custom_fields.all()
    fields = {each.field: each for each in everybodys if each.of == "customer"}
    if isinstance(request, CheckImport) and request.make_fields:
        said = {name for row in request.rows for name in row.custom} - {each.field for each in everybodys}
        fields |= {name: CustomField(name, "customer", "text", name) for name in said}
    return fields


def _shared(look: Traits, met: Met) -> bool:
    return bool(look.emails & met.emails or look.phones & met.phones or look.name in met.names)
