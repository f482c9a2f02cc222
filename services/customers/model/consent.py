"""What an answer comes to, whom the shop may write to, and what a merge does to what two records say.

Belongs here: the states and their order. Never here: tables, keys, a clock.
"""

import hashlib
import hmac
from collections.abc import Iterable

import msgspec

from contracts.customers import ContactInvalid, Customer, DetailInvalid
from contracts.customers.consent import (
    Answer,
    Channel,
    ConsentBasis,
    ConsentId,
    ConsentSource,
    ConsentState,
    Preset,
    Purpose,
    WordingId,
)
from contracts.customers.profile import Address
from contracts.ids import CustomerId, SaleId, StaffId, Timestamp
from services.customers.model.records import emails, phones

REFUSALS = frozenset({"denied", "withdrawn"})
NEVER_PRESET = frozenset(
    (
        "AT",
        "BE",
        "BG",
        "CH",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GB",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
        # TFEU, article 355 (1) and (4), by codes of their own: territories of France and Finland in the EU.
        "AX",
        "GF",
        "GP",
        "MF",
        "MQ",
        "RE",
        "YT",
        # Norway's law on personal data holds there, too (Svalbard and Jan Mayen).
        "SJ",
    )
)
"""GDPR, recital 32, and UK GDPR: silence and boxes ticked before are no consent; Switzerland is asked alike."""
CONFIRMED_IN = frozenset({"DE"})
"""Where a yes is confirmed from the address itself (Germany: BGH, I ZR 164/09)."""
ALL_PURPOSES = Purpose("all")
"""Stands in a suppression for every purpose: an erased person's."""


class Said(msgspec.Struct, frozen=True):
    """One thing that was said about one address."""

    consent_id: ConsentId
    customer_id: CustomerId
    purpose: Purpose
    channel: Channel
    address: str
    state: ConsentState
    wording_id: WordingId
    language: str
    source: ConsentSource
    basis: ConsentBasis
    sale_id: SaleId | None
    notice_id: WordingId | None
    proven: bool
    staff_id: StaffId | None
    recorded_at: Timestamp
    number: int = 0
    """Counts all that was ever said, so that the newest is known whatever the clock said."""
    asked_id: ConsentId | None = None
    merge_id: str | None = None

    @property
    def about(self) -> tuple[Purpose, Channel, str]:
        """What one answer takes the place of another for."""
        return self.purpose, self.channel, self.address


def answered(answer: Answer, before: ConsentState, *, confirm: bool) -> ConsentState:
    """The state that an answer leads to; ``confirm`` says that a yes is to be confirmed from the address itself."""
    if answer == "no":
        return "withdrawn" if before in {"pending", "granted", "confirmed", "withdrawn"} else "denied"
    if before == "confirmed":
        return "confirmed"  # the address was proven to be theirs; a second yes adds nothing
    return "pending" if confirm else "granted"


def imported_answer(answer: Answer, before: ConsentState, *, suppressed: bool) -> ConsentState:
    """The state that a line of another system's file leads to: a yes there lifts no refusal."""
    if answer == "no" or before in REFUSALS:
        return before if before in REFUSALS else answered("no", before, confirm=False)
    if suppressed:
        return "denied"
    return answered("yes", before, confirm=False)


def adds_something(answer: Answer, before: Said | None) -> bool:
    """Whether what another system's file says adds to what was said here: a yes there proves nothing.

    Beside a proven answer, and one that waits for the link to be opened, it counts for nothing.
    """
    return answer == "no" or before is None or not (before.proven or before.state == "pending")


def prove_refused_nothing(before: ConsentState, *, suppressed: bool) -> None:
    """Refuse to write to an existing customer who said no to it: they may object at any time, and it holds.

    Directive 2002/58/EC, article 13 (2); GDPR, article 21 (3).

    Rejections:
        DetailInvalid: they said no, or whoever had the address did.
    """
    if suppressed or before in REFUSALS:
        raise DetailInvalid(field="basis", rule="existing-customer-who-refused-nothing")


def is_permitted(state: ConsentState, *, proven: bool, suppressed: bool) -> bool:
    """Whether an address may be written to."""
    return state in {"granted", "confirmed"} and proven and not suppressed


def check_basis(basis: ConsentBasis, answer: Answer, sale_id: object, notice_id: object) -> None:
    """Refuse an existing customer without the sale and the notice.

    Directive 2002/58/EC, article 13 (2); Germany: UWG, section 7 (3).

    Rejections:
        DetailInvalid: sale or notice is missing, or the answer was no.
    """
    if basis != "existing_customer":
        return
    for field, there in (("sale_id", sale_id), ("notice_id", notice_id), ("answer", answer == "yes")):
        if not there:
            raise DetailInvalid(field=field, rule="existing-customer-with-sale-and-notice")


def addresses_of(customer: Customer) -> tuple[tuple[Channel, str], ...]:
    """Every address of a customer that they can be asked about."""
    return (
        *(("email", each) for each in customer.emails),
        *(("sms", each) for each in customer.phones),
        *(("phone", each) for each in customer.phones),
        *(("post", postal(each)) for each in customer.addresses),
    )


def normal_address(channel: Channel, text: str, country: str) -> str:
    """An address as it is on file.

    Rejections:
        ContactInvalid: it is no email or no phone.
    """
    if channel == "post":
        return " ".join(text.split())
    try:
        found = emails((text,)) if channel == "email" else phones((text,), country)
    except ContactInvalid as invalid:
        raise ContactInvalid(field="address", rule=invalid.details.get("rule")) from None
    return next(iter(found), "")


def postal(address: Address) -> str:
    """A postal address in one line."""
    street = " ".join(filter(None, (address.street, address.house_number, address.addition)))
    town = " ".join(filter(None, (address.postcode, address.city)))
    parts = (address.recipient, street, address.extra, town, address.region, address.country)
    return ", ".join(" ".join(part.split()) for part in parts if part)


def newest(said: Iterable[Said]) -> dict[tuple[Purpose, Channel, str], Said]:
    """What counts for each address: what was said last."""
    found: dict[tuple[Purpose, Channel, str], Said] = {}
    for each in said:
        before = found.get(each.about)
        if before is None or each.number > before.number:
            found[each.about] = each
    return found


def brought(survivor: Iterable[Said], loser: Iterable[Said]) -> list[Said]:
    """What the survivor of a merge is to be told anew, of what was said as the loser.

    For one address a refusal by either wins over any yes, whichever was said last; of two refusals the newest
    counts. What only the loser said comes along.
    """
    mine, theirs = newest(survivor), newest(loser)
    found = []
    for about, other in theirs.items():
        own = mine.get(about)
        if own is None or _outweighs(other, own):
            found.append(other)
    return found


def refused_since(survivor: Iterable[Said], loser: Customer, merge_id: str, after: int) -> list[Said]:
    """What was refused for an address of the loser while both were one; it goes on after they are parted."""
    theirs = set(addresses_of(loser))
    return [
        each
        for each in newest(survivor).values()
        if each.state in REFUSALS
        and each.number > after
        and each.merge_id != merge_id
        and (each.channel, each.address) in theirs
    ]


def about_only(loser: Customer, survivor: Customer, said: Iterable[Said], merge_id: str, after: int) -> list[Said]:
    """What was said while both were one about addresses that are the loser's alone afterwards; it goes with them."""
    theirs = set(addresses_of(loser)) - set(addresses_of(survivor))
    return [
        each
        for each in said
        if each.number > after and each.merge_id != merge_id and (each.channel, each.address) in theirs
    ]


def suppression(key: bytes, purpose: str, channel: Channel, address: str) -> bytes:
    """What is kept of an address that is not to be written to; nobody finds the address by it without the key."""
    return _keyed(key, "suppression", purpose, channel, address.casefold()).digest()


def link_token(key: bytes, kind: str, consent_id: str) -> str:
    """What makes a link to confirm or to withdraw one that only the receiver of the message has."""
    return _keyed(key, f"consent {kind}", consent_id).hexdigest()


def same_token(one: str, other: str) -> bool:
    """Whether two tokens are the same, in a time that tells nothing."""
    return hmac.compare_digest(one, other)


def preset(country: str, wanted: Preset) -> Preset:
    """Which answer may stand there already when the question is asked."""
    return "none" if country in NEVER_PRESET else wanted


def _outweighs(other: Said, own: Said) -> bool:
    """Whether what was said as the loser counts rather than what the survivor said of the same address."""
    if other.state in REFUSALS:
        return own.state not in REFUSALS or own.number < other.number
    return own.state not in REFUSALS and _weight(other) > _weight(own)


def _weight(said: Said) -> tuple[bool, int]:
    order = ("unknown", "pending", "granted", "confirmed")
    return said.proven, order.index(said.state)


def _keyed(key: bytes, *parts: str) -> "hmac.HMAC":
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256)
