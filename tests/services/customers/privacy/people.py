"""Customers for tests of merging, consent and privacy, and short ways to ask about them."""

from typing import Any

from contracts.customers import CreateCustomer, Customer, SaveReason
from contracts.customers.asking import GetCustomer
from contracts.customers.consent import Channel, Consent, ConsentId, GetConsents, RecordConsent
from contracts.customers.merging import MergeCustomers, MergeId
from contracts.customers.privacy.erasing import ErasureId, GetErasure
from contracts.ids import CustomerId
from tests.services.customers.ledgers.shop import IDS, LedgerShop

ANNA = CustomerId("0190a000-0000-7000-8000-0000000000a1")
ANNE = CustomerId("0190a000-0000-7000-8000-0000000000a2")
ANJA = CustomerId("0190a000-0000-7000-8000-0000000000a3")
NOBODY = CustomerId("0190a000-0000-7000-8000-0000000004a4")
MAIL = "anna@example.com"
OTHER_MAIL = "anne@example.com"
DAY_S = 86_400.0
ALL = (
    "customer.view",
    "customer.details",
    "customer.edit",
    "customer.grant",
    "customer.merge",
    "customer.erase",
    "customer.export",
    "customer.import",
    "ledger.adjust",
    "fiscal.read",
    "fiscal.edit",
    "sale.sell",
)


async def ask(shop: LedgerShop, request: Any, **how: Any) -> Any:
    """Ask as somebody at the back office who may do everything."""
    return await shop.ask(request, *ALL, **how)


async def send(shop: LedgerShop, request: Any, **how: Any) -> Any:
    """Send a request that needs nobody signed on."""
    return await shop.store.send(request, **how)


async def put_on_file(shop: LedgerShop, customer_id: CustomerId, name: str, **details: Any) -> Customer:
    """A new customer."""
    reason: SaveReason = "other"
    made = await ask(shop, CreateCustomer(customer_id, first_name=name, save_anyway=reason, **details))
    assert isinstance(made, Customer), made
    return made


async def profile(shop: LedgerShop, customer_id: CustomerId) -> Customer:
    """A customer's whole profile."""
    found = await ask(shop, GetCustomer(customer_id))
    assert isinstance(found, Customer), found
    return found


async def answer(shop: LedgerShop, customer_id: CustomerId, said: str, address: str = MAIL, **how: Any) -> Any:
    """Somebody answers whether they may be written to."""
    channel: Channel = "email" if "@" in address else "sms"
    command: dict[str, Any] = {
        "consent_id": ConsentId(IDS.new()),
        "customer_id": customer_id,
        "channel": channel,
        "address": address,
        "answer": said,
        "wording_id": "w-1",
        "language": "fi",
    }
    return await ask(shop, RecordConsent(**{**command, **how}))


async def consent_of(shop: LedgerShop, customer_id: CustomerId, address: str = MAIL) -> Consent:
    """What holds for an address."""
    told = await ask(shop, GetConsents(customer_id))
    found: Consent = next(
        each for each in told.consents if each.address == address and each.channel in ("email", "sms")
    )
    return found


async def merge(shop: LedgerShop, survivor: CustomerId, loser: CustomerId, **take: Any) -> MergeId:
    """Make two customers one; the id of the merge."""
    merge_id = MergeId(IDS.new())
    both = [(await profile(shop, each)).revision for each in (survivor, loser)]
    reply = await ask(shop, MergeCustomers(merge_id, survivor, loser, both[0], both[1], take))  # type: ignore[arg-type] # its names are the fields'
    assert isinstance(reply, Customer), reply
    return merge_id


async def own_part_done(shop: LedgerShop, erasure_id: ErasureId) -> None:
    """Wait until this service has done its part of an erasure."""

    async def done() -> bool:
        found = await ask(shop, GetErasure(erasure_id))
        return any(each.service == "customers" and each.acknowledged_at for each in found.services)

    while not await done():
        pass


def fields_of(customer: Customer) -> dict[str, Any]:
    """All that a profile says, by name."""
    return {name: getattr(customer, name) for name in customer.__struct_fields__}
