"""Customers found as somebody types: exact codes and contacts first, then those seen lately, then by name.

Every statement reads one index from a beginning on and stops early, so that a million customers take no longer.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, select, union_all

from contracts.customers import CustomerHit
from services.customers.model.search import Wanted, matched_name, wanted
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
        if not look.code:
            return
        yield from self._hits(_exact(look, limit))
        if look.words:
            yield from self._hits([_seen_lately(look, limit)])
            yield from self._hits([_by_name(look, limit)])
        yield from self._hits(_contacts(look, limit))

    def _hits(self, parts: list[Select[str, str]]) -> Iterator[tuple[str, str]]:
        """Run the parts as one statement, for a round trip costs more than most of them; each is in its own order."""
        whole = parts[0] if len(parts) == 1 else union_all(*(select(part.subquery()) for part in parts))
        return ((matched, customer_id) for matched, customer_id in self._connection.execute(whole))


def _exact(look: Wanted, limit: int) -> list[Select[str, str]]:
    code, email, phone = customer_code.c, customer_email.c, customer_phone.c
    parts = [
        _part("code", code.customer_id).where(code.code == look.code),
        _part("email", email.customer_id).where(email.folded == look.email).limit(limit),
    ]
    if look.phone_starts:
        parts.append(_part("phone", phone.customer_id).where(phone.digits.in_(look.phone_starts)).limit(limit))
    return parts


def _contacts(look: Wanted, limit: int) -> list[Select[str, str]]:
    email, phone = customer_email.c, customer_phone.c
    return [
        _part(matched, column.table.c.customer_id).where(_begins(column, start)).order_by(column).limit(limit)
        for matched, column, start in (
            ("email", email.folded, look.email),
            *(("phone", phone.digits, start) for start in look.phone_starts),
            ("phone", phone.reversed, look.phone_end),
        )
        if start
    ]


def _seen_lately(look: Wanted, limit: int) -> Select[str, str]:
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
    return _part("name", lately.c.customer_id).where(named.exists()).order_by(lately.c.time.desc()).limit(limit)


def _by_name(look: Wanted, limit: int) -> Select[str, str]:
    return (
        _part("name", customer_key.c.customer_id)
        .where(_named(look))
        .order_by(customer_key.c.key)
        .limit(limit * KEYS_A_CUSTOMER)
    )


def _part(matched: str, customer_id: ColumnElement[str]) -> Select[str, str]:
    return select(literal(matched).label("matched"), customer_id.label("customer_id"))


def _longest(look: Wanted) -> str:
    """The word that tells most; the others are looked for in the same key."""
    return max(look.words, key=len)


def _named(look: Wanted) -> ColumnElement[bool]:
    longest = _longest(look)
    others = [customer_key.c.key.contains(f" {word}") for word in look.words if word != longest]
    return and_(_begins(customer_key.c.key, longest), *others)


def _begins(column: ColumnElement[str], start: str) -> ColumnElement[bool]:
    return and_(column >= start, column < start + _LAST)
