"""Customers' records: made, changed, read, and told to others as facts."""

from collections.abc import Mapping

from contracts.base import Event
from contracts.customers import (
    AddDetails,
    CodeBlocked,
    CodeTaken,
    CreateCustomer,
    Customer,
    CustomerExists,
    CustomerFactsRead,
    CustomerNotFound,
    PossibleDuplicate,
    RevisionConflict,
    UpdateCustomer,
)
from contracts.customers.asking import CustomerChanged, GetCustomer, GetCustomerFacts, GetFactsByCode
from contracts.customers.profile import FieldId
from services.customers.model.custom_fields import check_editable_on_till
from services.customers.model.duplicates import Suspect
from services.customers.model.edits import addition, grants, of_country, prove_fits, prove_nothing_covered
from services.customers.model.records import (
    Known,
    changed_customer,
    changed_fields,
    creation_mark,
    facts,
    new_customer,
    with_made_code,
)
from services.customers.store.customers import CustomerStore
from services.customers.store.shown import shown
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.service import SnapshotPiece

CUSTOMERS_A_PIECE = 500
GRANT = "customer.grant"


def create_customer(command: CreateCustomer, tx: CustomersTx) -> Customer:
    """Put a new customer on file under the id that the caller made.

    The same creation sent again, however much later, is answered with the customer as they are by then.

    Rejections:
        CustomerExists: the id was used with other details, or was that of a customer who was erased.
        CustomerIncomplete: what the store asks for at least is missing.
        ContactInvalid: an email or phone is none.
        DetailInvalid: another detail does not have the form it needs.
        GroupNotFound: the store has no such group.
        CodeTaken: another customer has the code.
        PossibleDuplicate: somebody on file may be the same person, and no reason was given to save all the same.
        Malformed: a line holds a control character.
        PermissionDenied, ApprovalNeeded, ApprovalInvalid: they get a group or an exemption, and the person may not.
    """
    mark, sent = tx.customers.creation_mark(command.customer_id), creation_mark(command)
    if tx.customers.is_erased(command.customer_id):
        raise CustomerExists(field="customer_id", customer_id=command.customer_id)
    if mark == sent or tx.customers.present_id(command.customer_id) != command.customer_id:
        return tx.shown(command.customer_id)
    if mark is not None:
        raise CustomerExists(field="customer_id", customer_id=command.customer_id)
    customer = new_customer(command, tx.rules, _known(command.custom, tx))
    tx.groups.check(customer.group)
    if grants(None, customer):
        tx.prove_may(GRANT)
    _check_codes(customer, tx)
    suspects = tx.duplicates.of(customer)
    if command.save_anyway is None:
        _refuse_duplicate(suspects)
    if tx.rules.make_codes:
        customer = with_made_code(customer, tx.customers.codes_of_others, tx.digest_key)
    tx.customers.add(customer, sent, tx.now)
    tx.note("created", customer.customer_id, revision=customer.revision)
    _note_saved_anyway(command, suspects, tx)
    tx.record(CustomerChanged(facts(customer)))
    return tx.shown(customer.customer_id)


def update_customer(command: UpdateCustomer, tx: CustomersTx) -> Customer:
    """Change the given details and leave the others alone.

    Rejections:
        CustomerNotFound: there is no such customer.
        RevisionConflict: the record is another than the one that was read; ``revision`` says which, ``changed``
            names the details that changed since, and ``current`` is the record as it is now.
        DetailsCovered: whoever asks would replace what they do not see.
        CustomerIncomplete, ContactInvalid, DetailInvalid, GroupNotFound, CodeTaken, PossibleDuplicate, Malformed,
        PermissionDenied, ApprovalNeeded, ApprovalInvalid: as for a new customer.
    """
    before = tx.customers.get(command.customer_id)
    if command.expected_revision != before.revision:
        raise RevisionConflict(
            field="expected_revision",
            revision=before.revision,
            changed=list(tx.history.changed_since(before.customer_id, command.expected_revision)),
            current=tx.looked_at(before.customer_id),
        )
    if not tx.sees_details:
        prove_nothing_covered(before, command, tx.custom_fields.of("customer"))
    changes = command.custom if isinstance(command.custom, dict) else {}
    after = changed_customer(before, command, tx.rules, _known(changes, tx))
    if grants(before, after):
        tx.prove_may(GRANT)
    return _changed(before, after, command, tx)


def add_details(command: AddDetails, tx: CustomersTx) -> Customer:
    """Add to what is known of a customer, whatever it is by now.

    Rejections:
        CustomerNotFound: there is no such customer.
        ContactInvalid, DetailInvalid, CodeTaken, PossibleDuplicate, Malformed: as for a new customer.
    """
    before = tx.customers.get(command.customer_id)
    rules = of_country(tx.rules, command.country)
    after = changed_customer(before, addition(before, command), rules, _known({}, tx))
    prove_fits(after)
    if grants(before, after):
        tx.prove_may(GRANT)
    return _changed(before, after, command, tx)


def _changed(before: Customer, after: Customer, command: UpdateCustomer | AddDetails, tx: CustomersTx) -> Customer:
    if after.revision == before.revision:
        return tx.looked_at(before.customer_id)
    tx.groups.check(after.group)
    _check_codes(after, tx)
    suspects = tx.duplicates.of(after, before)
    if command.save_anyway is None:
        _refuse_duplicate(suspects)
    tx.customers.change(before, after, tx.now)
    tx.note("changed", after.customer_id, revision=after.revision, fields=changed_fields(before, after))
    _note_saved_anyway(command, suspects, tx)
    tx.record(CustomerChanged(facts(after)))
    return tx.looked_at(after.customer_id)


def customer_again(command: CreateCustomer | UpdateCustomer | AddDetails, tx: CustomersTx) -> Customer:
    """Answer a repeated command with the customer as they are by now; details are covered, for nobody asks anew.

    Rejections:
        CustomerNotFound: the customer was erased since.
    """
    return tx.looked_at(command.customer_id)


async def get_customer(query: GetCustomer, view: CustomersView) -> Customer:
    """Read one customer's profile.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    customer = await view.read(
        lambda connection: shown(connection, query.customer_id, details=view.sees_details, at_register=view.at_register)
    )
    if not customer.masked:
        view.accessed("viewed", customer.customer_id)
    return customer


async def get_customer_facts(query: GetCustomerFacts, view: CustomersView) -> CustomerFactsRead:
    """Read what policy may know of a customer.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    return CustomerFactsRead(
        facts(await view.read(lambda connection: CustomerStore(connection).get(query.customer_id)))
    )


async def get_facts_by_code(query: GetFactsByCode, view: CustomersView) -> CustomerFactsRead:
    """Read what policy may know of whoever holds a code.

    Rejections:
        CustomerNotFound: nobody has that code.
        CodeBlocked: it is a lost card's.
    """
    holder = await view.read(lambda connection: CustomerStore(connection).holder_of(query.code))
    if holder is None:
        raise CustomerNotFound(field="code")
    customer_id, blocked = holder
    if blocked:
        raise CodeBlocked(field="code", customer_id=customer_id)
    return CustomerFactsRead(facts(await view.read(lambda connection: CustomerStore(connection).get(customer_id))))


async def snapshot(view: CustomersView, number: int, following: str | None) -> SnapshotPiece:  # noqa: ARG001
    """Tell what policy may know of every customer, a piece at a time.

    A customer who changes while the pieces are read is told as they are by then; the journal's later
    event carries the same revision, so that telling it again changes nothing.
    """
    page = await view.read(lambda connection: CustomerStore(connection).page_after(following or "", CUSTOMERS_A_PIECE))
    events: list[tuple[Event, str, str]] = [
        (CustomerChanged(facts(each)), view.ids.derived(each.customer_id, f"snapshot {each.revision}"), changed_at)
        for each, changed_at in page
    ]
    return events, page[-1][0].customer_id if len(page) == CUSTOMERS_A_PIECE else None


def _known(custom: Mapping[FieldId, object], tx: CustomersTx) -> Known:
    """What the record is checked against; what a till may not change is refused here already."""
    fields = tx.custom_fields.of("customer") if custom else {}
    if custom and tx.at_register():
        check_editable_on_till(custom, fields)
    return Known(tx.now.date(), fields)


def _check_codes(customer: Customer, tx: CustomersTx) -> None:
    taken = tx.customers.codes_of_others((*customer.codes, *customer.blocked_codes), customer.customer_id)
    for field, codes in (("codes", customer.codes), ("blocked_codes", customer.blocked_codes)):
        for place, code in enumerate(codes):
            if code in taken:
                raise CodeTaken(field=f"{field}[{place}]")


def _refuse_duplicate(suspects: tuple[Suspect, ...]) -> None:
    if suspects:
        raise PossibleDuplicate(field="save_anyway", duplicates=[each.told() for each in suspects])


def _note_saved_anyway(
    command: CreateCustomer | UpdateCustomer | AddDetails, suspects: tuple[Suspect, ...], tx: CustomersTx
) -> None:
    """Why there are two who look like one is in the history of the new one."""
    if suspects and command.save_anyway is not None:
        tx.note("saved_anyway", command.customer_id, reference=command.save_anyway)
