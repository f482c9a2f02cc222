"""Customers found as somebody types: exact codes and contacts first, then those seen lately, then by name.

Every statement reads one index from a beginning on and stops early, so that a million customers take no longer.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from contracts.customers import CustomerHit
from services.customers.search import Wanted, matched_name, wanted
from services.customers.store.customers import CustomerStore
from services.customers.store.tables import customer_code, customer_email, customer_key, customer_phone, history

SALES_LOOKED_AT = 200
"""Whoever is in the newest so many sales counts as seen lately."""
KEYS_A_CUSTOMER = 4
"""A customer may be found by several words; so many keys are read for each hit that is wanted."""
_LAST = "\U0010ffff"


class CustomerSearch:
    """Finds customers in the store's country."""

    def __init__(self, connection: Connection, country: str) -> None:
        self._connection = connection
        self._country = country

    def find(self, text: str, limit: int) -> tuple[CustomerHit, ...]:
        """The customers that somebody may mean, best first, at most ``limit``, with what matched."""
        look = wanted(text, self._country)
        found: dict[str, str] = {}
        for matched, customer_id in self._found(look, limit):
            found.setdefault(customer_id, matched)
            if len(found) == limit:
                break
        records = CustomerStore(self._connection).load(list(found)) if found else {}
        return tuple(
            CustomerHit(record, matched if matched != "name" else matched_name(record, _longest(look)))
            for customer_id, matched in found.items()
            if (record := records.get(customer_id)) is not None
        )

    def _found(self, look: Wanted, limit: int) -> Iterator[tuple[str, str]]:
        """What matched and whom, best first; a statement is run only when its hits are asked for."""
        code, email, phone = customer_code.c, customer_email.c, customer_phone.c
        if look.code:
            yield from self._ids("code", select(code.customer_id).where(code.code == look.code))
            yield from self._ids("email", select(email.customer_id).where(email.folded == look.email).limit(limit))
        if look.phone_starts:
            yield from self._ids(
                "phone", select(phone.customer_id).where(phone.digits.in_(look.phone_starts)).limit(limit)
            )
        if look.words:
            yield from self._ids("name", self._seen_lately(look, limit))
            yield from self._ids("name", self._by_name(look, limit))
        if look.email:
            yield from self._ids(
                "email",
                select(email.customer_id).where(_begins(email.folded, look.email)).order_by(email.folded).limit(limit),
            )
        for start in look.phone_starts:
            yield from self._ids(
                "phone",
                select(phone.customer_id).where(_begins(phone.digits, start)).order_by(phone.digits).limit(limit),
            )
        if look.phone_end:
            yield from self._ids(
                "phone",
                select(phone.customer_id)
                .where(_begins(phone.reversed, look.phone_end))
                .order_by(phone.reversed)
                .limit(limit),
            )

    def _seen_lately(self, look: Wanted, limit: int) -> Any:
        newest = (
            select(history.c.customer_id, history.c.time)
            .order_by(history.c.time.desc())
            .limit(SALES_LOOKED_AT)
            .subquery("newest")
        )
        lately = (
            select(newest.c.customer_id, func.max(newest.c.time).label("time"))
            .group_by(newest.c.customer_id)
            .subquery("lately")
        )
        named = select(customer_key.c.key).where(customer_key.c.customer_id == lately.c.customer_id, _named(look))
        return select(lately.c.customer_id).where(named.exists()).order_by(lately.c.time.desc()).limit(limit)

    def _by_name(self, look: Wanted, limit: int) -> Any:
        return (
            select(customer_key.c.customer_id)
            .where(_named(look))
            .order_by(customer_key.c.key)
            .limit(limit * KEYS_A_CUSTOMER)
        )

    def _ids(self, matched: str, statement: Any) -> Iterator[tuple[str, str]]:
        return ((matched, customer_id) for customer_id in self._connection.execute(statement).scalars())


def _longest(look: Wanted) -> str:
    """The word that tells most; the others are looked for in the same key."""
    return max(look.words, key=len)


def _named(look: Wanted) -> ColumnElement[bool]:
    longest = _longest(look)
    others = [customer_key.c.key.contains(f" {word}") for word in look.words if word != longest]
    return and_(_begins(customer_key.c.key, longest), *others)


def _begins(column: ColumnElement[str], start: str) -> ColumnElement[bool]:
    return and_(column >= start, column < start + _LAST)
