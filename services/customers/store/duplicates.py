"""Who on file may be the same person as a new or changed customer."""

from sqlalchemy import Connection, Select, literal, select, union_all

from contracts.customers import Customer
from services.customers.model.duplicates import MOST_NAMED, Matched, Suspect, Traits, new_traits, traits
from services.customers.store.customers import CustomerStore
from services.customers.store.tables import customer, customer_address, customer_email, customer_phone

MOST_OF_A_KIND = 50
"""So many are read by each trait, since a house full of people may share one."""


class Duplicates:
    """Finds customers who may be the same person."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, record: Customer, before: Customer | None = None) -> tuple[Suspect, ...]:
        """Whom a record may be the same as, the surest first.

        Args:
            record: As it is to be saved; nobody need be on file with its id.
            before: As it was on file, where it is changed; what was the same already raises no suspicion.
        """
        look = traits(record) if before is None else new_traits(before, record)
        matched = self._matched(look)
        matched.pop(record.customer_id, None)
        records = CustomerStore(self._connection).load(list(matched)) if matched else {}
        suspects = [
            Suspect(records[each], tuple(dict.fromkeys(kinds)))
            for each, kinds in matched.items()
            if each in records and not records[each].placeholder
        ]
        suspects.sort(key=lambda each: (each.strength == "likely", -len(each.matched), each.customer_id))
        return tuple(suspects[:MOST_NAMED])

    def _matched(self, look: Traits) -> dict[str, list[Matched]]:
        parts = [part.limit(MOST_OF_A_KIND) for part in _looks(look)]
        found: dict[str, list[Matched]] = {}
        if parts:
            whole = union_all(*(select(part.subquery()) for part in parts))
            for matched, customer_id in self._connection.execute(whole):
                found.setdefault(customer_id, []).append(matched)
        return found


def _looks(look: Traits) -> list[Select[str, str]]:
    parts = []
    if look.emails:
        email = customer_email.c
        parts.append(_part("email", email.customer_id).where(email.folded.in_(sorted(look.emails))))
    if look.phones:
        phone = customer_phone.c
        digits = sorted(each[1:] for each in look.phones)
        parts.append(_part("phone", phone.customer_id).where(phone.digits.in_(digits)))
    if look.name and look.birth_date:
        parts.append(
            _part("name_and_birth_date", customer.c.customer_id).where(
                customer.c.name_key == look.name, customer.c.birth_date == look.birth_date
            )
        )
    if look.name and look.postcodes:
        parts.append(
            _part("name_and_postcode", customer.c.customer_id)
            .join(customer_address, customer_address.c.customer_id == customer.c.customer_id)
            .where(customer.c.name_key == look.name, customer_address.c.postcode_key.in_(sorted(look.postcodes)))
        )
    return parts


def _part(matched: Matched, customer_id: object) -> Select[str, str]:
    return select(literal(matched).label("matched"), customer_id.label("customer_id"))  # type: ignore[attr-defined] # a column
