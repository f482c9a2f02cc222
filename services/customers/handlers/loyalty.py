"""The loyalty programme gets its terms, and customers join it."""

import msgspec

from contracts.customers import RevisionConflict
from contracts.customers.loyalty import (
    GetLoyaltyProgramme,
    JoinLoyalty,
    LoyaltyMembership,
    LoyaltyOff,
    LoyaltyProgramme,
    LoyaltyTermsChanged,
    SetLoyaltyProgramme,
)
from services.customers.handlers.booking import book
from services.customers.model.loyalty import NO_PROGRAMME, prove_rates, prove_version
from services.customers.store.ledgers import NewEntry
from services.customers.store.loyalty import LoyaltyStore
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.clock import stamp


async def get_loyalty_programme(query: GetLoyaltyProgramme, view: CustomersView) -> LoyaltyProgramme:  # noqa: ARG001
    """Read the programme in force; one that is off where there never was any."""
    return await view.read(lambda connection: LoyaltyStore(connection).programme()) or NO_PROGRAMME


def set_loyalty_programme(command: SetLoyaltyProgramme, tx: CustomersTx) -> LoyaltyProgramme:
    """Put other terms in force for sales completed from now on.

    Rejections:
        RevisionConflict: somebody changed them meanwhile.
        RateInvalid: a rate is out of bounds, or a group has two.
        TermsVersionUsed: members accepted other terms under that version.
    """
    before = tx.books.loyalty.programme() or NO_PROGRAMME
    if before.revision != command.expected_revision:
        raise RevisionConflict(field="expected_revision", revision=before.revision)
    prove_rates(command.points_per_unit, command.group_rates)
    after = LoyaltyProgramme(
        revision=before.revision + 1,
        on=command.on,
        terms_version=command.terms_version,
        points_per_unit=command.points_per_unit,
        group_rates=command.group_rates,
        point_value=command.point_value,
        redeem_as=command.redeem_as,
        sign_up_bonus=command.sign_up_bonus,
        dormant_days=command.dormant_days,
    )
    prove_version(after, tx.books.loyalty.with_terms(after.terms_version))
    tx.books.loyalty.put_programme(after, tx.claims.subject if tx.claims else None, tx.now)
    return after


def join_loyalty(command: JoinLoyalty, tx: CustomersTx) -> LoyaltyMembership:
    """Take a customer into the programme; the bonus for it is given once for ever.

    Rejections:
        CustomerNotFound: there is no such customer.
        LoyaltyOff: there is no programme.
        LoyaltyTermsChanged: those are not the terms in force.
        PlaceholderHoldsNothing: nobody joins.
    """
    customer_id = tx.books.known_customer(command.customer_id)
    tx.books.prove_somebody(customer_id)
    programme = tx.books.loyalty.programme()
    if programme is None or not programme.on:
        raise LoyaltyOff
    if command.terms_version != programme.terms_version:
        raise LoyaltyTermsChanged(field="terms_version", terms_version=programme.terms_version)
    member = tx.books.loyalty.membership(customer_id)
    if member is not None and member.terms_version == command.terms_version:
        if tx.books.loyalty.was_only_brought(customer_id):  # their own word outlasts the merge
            tx.books.loyalty.join(customer_id, command.terms_version, stamp(tx.now), 0)
        return member
    bonus_id = tx.ids.derived(customer_id, "sign-up-bonus")
    bonus = 0 if member is not None or tx.books.ledgers.find(bonus_id) is not None else programme.sign_up_bonus
    tx.books.loyalty.join(customer_id, command.terms_version, stamp(tx.now), bonus)
    tx.note("loyalty_joined" if member is None else "loyalty_terms", customer_id, reference=command.terms_version)
    if bonus:
        book(tx, "loyalty", customer_id, NewEntry(bonus_id, "bonus", bonus, stamp(tx.now), tx.today))
    first = member or LoyaltyMembership(customer_id, command.terms_version, stamp(tx.now), bonus)
    return msgspec.structs.replace(first, terms_version=command.terms_version)
