"""Who on file may be the same person: by what they are looked for, and how sure it is.

Belongs here: which details count and how much. Never here: a table, what is done about it.
"""

from typing import Any, Literal, NamedTuple

import msgspec

from contracts.customers import Customer
from contracts.ids import CustomerId
from services.customers.model.masking import masked_name
from services.customers.model.search import compact, fold, words

Strength = Literal["strong", "likely"]
Matched = Literal["email", "phone", "name_and_postcode", "name_and_birth_date"]
STRONG: frozenset[Matched] = frozenset({"email", "phone"})
MOST_NAMED = 10
"""So many suspects are named; whoever looks through more than these looks at none."""


class Traits(NamedTuple):
    """By what the same person is known again."""

    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    name: str = ""
    postcodes: frozenset[str] = frozenset()
    birth_date: str | None = None


class Suspect(msgspec.Struct, frozen=True):
    """A customer on file who may be the same person."""

    customer: Customer
    matched: tuple[Matched, ...]

    @property
    def customer_id(self) -> CustomerId:
        """Whom the suspicion is about."""
        return self.customer.customer_id

    @property
    def strength(self) -> Strength:
        """``strong`` where a contact is the same, ``likely`` where names and a little more are."""
        return "strong" if STRONG & set(self.matched) else "likely"

    def told(self) -> dict[str, Any]:
        """What the refusal tells of it, no detail among it."""
        return {
            "customer_id": self.customer_id,
            "strength": self.strength,
            "matched": list(self.matched),
            "name": masked_name(self.customer),
        }


def traits(customer: Customer) -> Traits:
    """By what this customer is known again; one who stands for nobody by nothing."""
    if customer.placeholder:
        return Traits()
    return Traits(
        frozenset(fold(email) for email in customer.emails),
        frozenset(customer.phones),
        name_key(customer),
        frozenset(compact(each.postcode) for each in customer.addresses if each.postcode),
        customer.birth_date,
    )


def new_traits(before: Customer, after: Customer) -> Traits:
    """What of a changed record must be looked for: a contact that is new, and the name where anything with it is."""
    old, new = traits(before), traits(after)
    if before.placeholder:
        return new
    other_name = old.name != new.name
    return Traits(
        new.emails - old.emails,
        new.phones - old.phones,
        new.name,
        new.postcodes if other_name else new.postcodes - old.postcodes,
        new.birth_date if other_name or new.birth_date != old.birth_date else None,
    )


def name_key(customer: Customer) -> str:
    """The words of the person's name, of whoever has none the company's, folded and in one order.

    First and last name the other way round are the same.
    """
    return " ".join(sorted(words(f"{customer.first_name} {customer.last_name}") or words(customer.company)))
