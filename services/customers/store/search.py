"""Customers found as somebody types: exact codes and contacts first, then those seen lately, then by name.

Every statement reads one index from a beginning on and stops early, so that a million customers take no longer. A
search is asked for at every letter; its statements are made once for each shape of what is typed and run by the
driver alone.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from contracts.customers.asking import CustomerHit
from services.customers.model.search import Wanted, matched_name, wanted
from services.customers.store.customers import CustomerStore
from services.customers.store.shown import seen
from services.customers.store.tables import (
    customer_address,
    customer_code,
    customer_email,
    customer_key,
    customer_phone,
    history,
)
from services.runtime.prepared import Prepared

SALES_LOOKED_AT = 200
"""Whoever is in the newest so many sales counts as seen lately."""
KEYS_A_CUSTOMER = 4
"""A customer may be found by several words; so many keys are read for each hit that is wanted."""
KEYS_LOOKED_THROUGH = 20_000
"""Where several words are typed, none of them a whole one, so many that begin with the rarest are looked through."""
FEW_KEYS = 500
"""Fewer keys than these are looked through without asking whether another word is rarer still."""
WORDS_COUNTED = 4
"""So many words are held against each other, the longest first."""
_LAST = "\U0010ffff"


class CustomerSearch:
    """Finds customers in the store's country."""

    def __init__(self, connection: Connection, country: str) -> None:
        self._connection = connection
        self._country = country

    def find(
        self, text: str, limit: int, *, details: bool = True, at_register: Callable[[], bool] = lambda: False
    ) -> tuple[CustomerHit, ...]:
        """The customers that somebody may mean, best first, at most ``limit``, with what matched.

        Args:
            text: What was typed so far.
            limit: So many at most.
            details: Whether they are shown whole.
            at_register: Whether that is at a register, which shows only the custom fields meant for it.
        """
        look = wanted(text, self._country)
        found: dict[str, str] = {}
        for matched, customer_id in self._found(look, limit):
            found.setdefault(customer_id, matched)
            if len(found) == limit:
                break
        records = CustomerStore(self._connection).load(list(found)) if found else {}
        there = [records[each] for each in found if each in records]
        shown = seen(self._connection, there, details=details, at_register=at_register) if there else ()
        return tuple(
            CustomerHit(each, matched if matched != "name" else matched_name(each, _longest(look)))
            for each in shown
            if (matched := found[each.customer_id])
        )

    def _found(self, look: Wanted, limit: int) -> Iterator[tuple[str, str]]:
        """What matched and whom, best first; a statement is run only when its hits are asked for."""
        if not look.code:
            return
        values = _values(look, limit)
        for statement, scans in _statements(_shape(look)):
            if scans:
                values |= _scan(look, self._rarest(look))
            yield from statement.run(self._connection, values).fetchall()

    def _rarest(self, look: Wanted) -> str:
        """The word that begins the fewest keys; the longest of those that begin too many to be counted."""
        counted = sorted(look.words, key=len, reverse=True)[:WORDS_COUNTED]
        rare = next((word for word in counted if self._begun(word, FEW_KEYS) < FEW_KEYS), None)
        if rare is not None:
            return rare
        rarest, fewest = counted[0], KEYS_LOOKED_THROUGH
        for word in counted:
            begun = self._begun(word, fewest)
            if begun < fewest:
                rarest, fewest = word, begun
        return rarest

    def _begun(self, word: str, most: int) -> int:
        """How many keys begin with a word, counted up to so many."""
        values = {"word_from": word, "word_to": word + _LAST, "most_": most}
        return int(_COUNT.run(self._connection, values).fetchone()[0])


class _Shape(NamedTuple):
    """What of a search makes another statement: how much there is of each kind, not what it says."""

    words: int
    email: bool
    phone_starts: int
    phone_end: bool
    doors: int


def _shape(look: Wanted) -> _Shape:
    return _Shape(len(look.words), bool(look.email), len(look.phone_starts), bool(look.phone_end), len(look.doors))


def _values(look: Wanted, limit: int) -> dict[str, object]:
    """What the statements of the search's shape are run with, by the names of their binds."""
    values: dict[str, object] = {"limit_": limit, "keys_": limit * KEYS_A_CUSTOMER, "code_": look.code}
    for name, start in _starts(look).items():
        values[f"{name}_from"], values[f"{name}_to"] = start, start + _LAST
    return values | (_scan(look, _longest(look)) if look.words else {})


def _scan(look: Wanted, word: str) -> dict[str, object]:
    """What keys are looked through by: one word at their beginning, all others behind it."""
    others = {f"other{place}": f"% {each}%" for place, each in enumerate(each for each in look.words if each != word)}
    return {"scanned_from": word, "scanned_to": word + _LAST, **others}


def _starts(look: Wanted) -> Mapping[str, str]:
    named = {"words": " ".join(look.words)} if look.words else {}
    starts = {f"start{place}": start for place, start in enumerate(look.phone_starts)}
    doors = {f"door{place}": door for place, door in enumerate(look.doors)}
    return {**named, "email": look.email, **starts, "end": look.phone_end, **doors}


@lru_cache(maxsize=256)
def _statements(shape: _Shape) -> tuple[tuple[Prepared, bool], ...]:
    """The statements of a search in the order in which they are asked, and whether it looks through a word's keys."""
    across = [_by_words(shape.words - 1)] if shape.words > 1 else []
    contacts = [
        _part(matched, column).where(_begins(column, name)).order_by(column)
        for matched, column, name in _contacts(shape)
    ]
    lately = [_seen_lately(shape)] if shape.words or contacts else []
    before = [_together(_exact(shape)), *lately, *([_by_name()] if shape.words else [])]
    after = [_together(contacts)] if contacts else []
    return (
        *((Prepared(each), False) for each in before),
        *((Prepared(each), True) for each in across),
        *((Prepared(each), False) for each in after),
    )


def _together(parts: list[Select[str, str]]) -> Any:
    """All parts as one statement, for a round trip costs more than most of them; each is in its own order."""
    return union_all(*(select(part.limit(bindparam("limit_")).subquery()) for part in parts))


def _exact(shape: _Shape) -> list[Select[str, str]]:
    code, email, phone, address = customer_code.c, customer_email.c, customer_phone.c, customer_address.c
    matched = case((code.blocked, "blocked_code"), else_="code").label("matched")
    parts = [select(matched, code.customer_id.label("customer_id")).where(code.key == bindparam("code_"))]
    if shape.email:
        parts.append(_part("email", email.folded).where(email.folded == bindparam("email_from")))
    if shape.phone_starts:
        same = [phone.digits == bindparam(f"start{place}_from") for place in range(shape.phone_starts)]
        parts.append(_part("phone", phone.digits).where(or_(*same)))
    if shape.doors:
        same = [address.door_key == bindparam(f"door{place}_from") for place in range(shape.doors)]
        parts.append(_part("postcode", address.door_key).where(or_(*same)))
    return parts


def _contacts(shape: _Shape) -> list[tuple[str, ColumnElement[str], str]]:
    """Which columns of contacts may begin with what of the search."""
    email, phone, address = customer_email.c, customer_phone.c, customer_address.c
    return [
        *([("email", email.folded, "email")] if shape.email else []),
        *(("phone", phone.digits, f"start{place}") for place in range(shape.phone_starts)),
        *([("phone", phone.reversed, "end")] if shape.phone_end else []),
        *(("postcode", address.door_key, f"door{place}") for place in range(shape.doors)),
    ]


def _seen_lately(shape: _Shape) -> Any:
    """Who is in the newest sales and found by anything typed, the last seen first."""
    lately = _lately()
    key = customer_key.c
    looks: list[tuple[str, ColumnElement[str], ColumnElement[bool]]] = []
    if shape.words:
        looks.append(("name", key.key, and_(_begins(key.key, "scanned"), *_others(key.key, shape.words - 1))))
    looks += [(matched, column, _begins(column, name)) for matched, column, name in _contacts(shape)]
    parts = [
        select(literal(matched).label("matched"), lately.c.customer_id, lately.c.time).where(
            select(column).where(column.table.c.customer_id == lately.c.customer_id, begins).exists()
        )
        for matched, column, begins in looks
    ]
    whole = union_all(*parts).subquery("seen")
    return (
        select(whole.c.matched, whole.c.customer_id)
        .order_by(whole.c.time.desc(), whole.c.customer_id)
        .limit(bindparam("limit_"))
    )


def _lately() -> CTE:
    newest = (
        select(history.c.customer_id, history.c.time)
        .order_by(history.c.time.desc())
        .limit(SALES_LOOKED_AT)
        .subquery("newest")
    )
    return (
        select(newest.c.customer_id, func.max(newest.c.time).label("time")).group_by(newest.c.customer_id).cte("lately")
    )


def _by_name() -> Select[str, str]:
    """Who has a name that goes on so: whole words, and the beginning of the last one typed."""
    key = customer_key.c.key
    return _part("name", key).where(_begins(key, "words")).order_by(key).limit(bindparam("keys_"))


def _by_words(others: int) -> Select[str, str]:
    """Who has words that begin like each of those typed, in any order."""
    looked_through = (
        select(customer_key)
        .where(_begins(customer_key.c.key, "scanned"))
        .order_by(customer_key.c.key)
        .limit(KEYS_LOOKED_THROUGH)
        .subquery("looked_through")
    )
    return (
        select(literal("name").label("matched"), looked_through.c.customer_id.label("customer_id"))
        .where(*_others(looked_through.c.key, others))
        .limit(bindparam("keys_"))
    )


def _others(key: ColumnElement[str], count: int) -> list[ColumnElement[bool]]:
    """The other words begin anywhere in the same key; a word holds neither of the signs that LIKE knows."""
    return [key.like(bindparam(f"other{place}")) for place in range(count)]


def _part(matched: str, column: ColumnElement[str]) -> Select[str, str]:
    return select(literal(matched).label("matched"), column.table.c.customer_id.label("customer_id"))


def _begins(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    return and_(column >= bindparam(f"{name}_from"), column < bindparam(f"{name}_to"))


def _longest(look: Wanted) -> str:
    """The word that likely tells most."""
    return max(look.words, key=len) if look.words else ""


_COUNT = Prepared(
    select(func.count()).select_from(
        select(customer_key.c.customer_id)
        .where(_begins(customer_key.c.key, "word"))
        .limit(bindparam("most_"))
        .subquery()
    )
)
