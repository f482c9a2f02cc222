"""What is told of consent: what holds for each address of a customer, and a page of those that may be written to."""

from sqlalchemy import Connection

from contracts.customers import Customer
from contracts.customers.consent import (
    MARKETING,
    Channel,
    Consent,
    Consents,
    MarketingAddresses,
    MarketingList,
    Permitted,
)
from services.customers.model.consent import Said, addresses_of, is_permitted, link_token, newest
from services.customers.model.masking import COVER, email
from services.customers.store.consent import ConsentStore
from services.customers.store.customers import CustomerStore

CONFIRM, WITHDRAW = "confirm", "withdraw"


def consents(connection: Connection, key: bytes, customer: Customer, *, details: bool) -> Consents:
    """What holds for each address of a customer, those that nobody asked about included."""
    store = ConsentStore(connection, key)
    said = newest(store.said_by(customer.customer_id))
    purposes = sorted({MARKETING, *(purpose for purpose, _, _ in said)})
    found = []
    for purpose in purposes:
        for channel, address in dict.fromkeys(addresses_of(customer)):
            now = said.get((purpose, channel, address))
            shown = address if details else _covered(channel, address)
            if now is None:
                found.append(Consent(purpose, channel, shown, "unknown", permitted=False))
            else:
                found.append(_consent(now, shown, permitted=_may_write(now, customer, store)))
    return Consents(customer.customer_id, tuple(found))


def marketing_page(connection: Connection, key: bytes, query: MarketingList) -> MarketingAddresses:
    """The addresses that may be written to, of so many customers after one."""
    store = ConsentStore(connection, key)
    ids = store.customers_with(query.purpose, query.channel, query.next or "", query.limit)
    records, said = CustomerStore(connection).load(ids), store.said_by_all(ids)
    found: dict[str, Permitted] = {}
    for each in ids:
        record = records.get(each)
        if record is None or record.placeholder:
            continue
        for now in newest(said[each]).values():
            if (now.purpose, now.channel) == (query.purpose, query.channel) and _may_write(now, record, store):
                found.setdefault(now.address, _permitted(now, record, key))
    return MarketingAddresses(tuple(found.values()), ids[-1] if len(ids) == query.limit else None)


def _may_write(now: Said, customer: Customer, store: ConsentStore) -> bool:
    on_file = (now.channel, now.address) in addresses_of(customer)
    return on_file and is_permitted(now.state, proven=now.proven, suppressed=store.is_suppressed(*now.about))


def _consent(now: Said, shown: str, *, permitted: bool) -> Consent:
    return Consent(
        purpose=now.purpose,
        channel=now.channel,
        address=shown,
        state=now.state,
        permitted=permitted,
        consent_id=now.consent_id,
        basis=now.basis,
        source=now.source,
        wording_id=now.wording_id,
        language=now.language,
        proven=now.proven,
        recorded_at=now.recorded_at,
        staff_id=now.staff_id,
        sale_id=now.sale_id,
        notice_id=now.notice_id,
    )


def _permitted(now: Said, record: Customer, key: bytes) -> Permitted:
    consent_id = now.consent_id
    return Permitted(
        customer_id=record.customer_id,
        first_name=record.first_name,
        last_name=record.last_name,
        company=record.company,
        address=now.address,
        language=record.language,
        consent_id=consent_id,
        withdraw_token=link_token(key, WITHDRAW, consent_id),
    )


def _covered(channel: Channel, address: str) -> str:
    if channel == "email":
        return email(address)
    return COVER if channel == "post" else COVER + address[-2:]
