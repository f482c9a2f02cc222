"""What customers said about being written to: asked, answered, confirmed, withdrawn, and who may be written to."""

from typing import Annotated, ClassVar, Literal, NewType

from msgspec import Meta

from contracts.base import Command, Event, Message, Query, Rejection, Reply
from contracts.customers import ContactInvalid, ContactText, CustomerNotFound, DetailInvalid, LanguageCode
from contracts.ids import CustomerId, SaleId, Segment, StaffId, Timestamp, Uuid

ConsentId = NewType("ConsentId", Uuid)
Purpose = NewType("Purpose", Segment)
"""What somebody would be written to for; ``marketing`` is the one that every shop has."""
Channel = Literal["email", "sms", "phone", "post"]
ConsentState = Literal["unknown", "denied", "pending", "granted", "confirmed", "withdrawn"]
ConsentSource = Literal["staff", "customer_display", "import", "api"]
ConsentBasis = Literal["consent", "existing_customer"]
Answer = Literal["yes", "no"]
Preset = Literal["none", "yes", "no"]
WordingId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$(?!\n)", description="Which words were shown.")]
LinkToken = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", extra={"secret": True})]

MARKETING = Purpose("marketing")


class AddressNotOnFile(Rejection):
    """The customer has no such address for this channel; consent is for an address that they have."""


class SaleNotTheirs(Rejection):
    """No completed sale of that id was this customer's, as far as is known here; one of just now is in a moment."""

    final = False


class ConsentNotFound(Rejection):
    """Nobody was asked under that id."""


class LinkInvalid(Rejection):
    """The link is not one that was sent, or it is too old."""


class Consent(Message, frozen=True):
    """What holds for one address now. Nobody was asked: ``unknown``, without an id.

    ``permitted`` says whether the address may be written to for that purpose: it was granted as the shop's rules
    want it, it is proven, and nobody has refused it since.
    """

    purpose: Purpose
    channel: Channel
    address: str
    state: ConsentState
    permitted: bool
    consent_id: ConsentId | None = None
    basis: ConsentBasis | None = None
    source: ConsentSource | None = None
    wording_id: WordingId | None = None
    language: LanguageCode | None = None
    proven: bool = False
    recorded_at: Timestamp | None = None
    staff_id: StaffId | None = None
    sale_id: SaleId | None = None
    notice_id: WordingId | None = None


class Consents(Reply, frozen=True):
    """What holds for each address of a customer, by purpose and channel."""

    personal: ClassVar = True

    customer_id: CustomerId
    consents: tuple[Consent, ...]


class GetConsents(Query[Consents], frozen=True):
    """Read which addresses of a customer may be written to, those included that nobody asked about."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"
    rejections = (CustomerNotFound,)

    customer_id: CustomerId


class RecordConsent(Command[Consents], frozen=True):
    """Keep what a customer answered about one address, in the place of nothing: what was said before stays.

    Where the store wants it confirmed (``double_opt_in``), a yes is ``pending`` until ``confirm-consent``. No answer
    is none: send nothing. ``existing_customer`` needs the sale, a completed one of theirs, the notice that was shown
    there, and a yes; it goes against no refusal. Imports are never proven, and an imported yes takes the place of
    nothing that is proven or waits for its link.
    """

    lane: ClassVar = "customer_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "customer.edit"
    rejections = (CustomerNotFound, AddressNotOnFile, ContactInvalid, DetailInvalid, SaleNotTheirs)

    consent_id: ConsentId
    customer_id: CustomerId
    channel: Channel
    address: ContactText
    answer: Answer
    wording_id: WordingId
    language: LanguageCode
    purpose: Purpose = MARKETING
    source: ConsentSource = "staff"
    basis: ConsentBasis = "consent"
    sale_id: SaleId | None = None
    notice_id: WordingId | None = None


class ConsentLinks(Reply, frozen=True):
    """What goes into the links of a message to one address; the tokens hold for that consent alone."""

    personal: ClassVar = True

    consent_id: ConsentId
    channel: Channel
    address: str
    language: LanguageCode
    state: ConsentState
    confirm_token: LinkToken | None
    withdraw_token: LinkToken


class GetConsentLinks(Query[ConsentLinks], frozen=True):
    """Read what the message is made of in which a customer confirms, or ends, what they were asked."""

    asked_by = ("backoffice", "hub")
    permission = "customer.export"
    rejections = (ConsentNotFound,)

    consent_id: ConsentId


class ConsentSettled(Reply, frozen=True):
    """What the customer answered by the link."""

    consent_id: ConsentId
    state: ConsentState


class ConfirmConsent(Command[ConsentSettled], frozen=True):
    """A customer opened the link that was sent to the address: it is theirs, and they meant it."""

    lane: ClassVar = "consent_id"
    asked_by = ("backoffice", "hub")
    rejections = (ConsentNotFound, LinkInvalid)

    consent_id: ConsentId
    token: LinkToken


class WithdrawConsent(Command[ConsentSettled], frozen=True):
    """A customer opened the link that ends it; no sign-on and no reason is needed, as easy as the yes was."""

    lane: ClassVar = "consent_id"
    asked_by = ("backoffice", "hub")
    rejections = (ConsentNotFound, LinkInvalid)

    consent_id: ConsentId
    token: LinkToken


class ConsentQuestion(Reply, frozen=True):
    """The question as a form shows it. Yes and no are equally prominent; no answer is ``unknown``.

    ``preset`` is always ``none`` in the European Economic Area, the United Kingdom and Switzerland.
    """

    wording_id: WordingId
    language: LanguageCode
    question: str
    yes: str
    no: str
    preset: Preset
    double_opt_in: bool


class GetConsentQuestion(Query[ConsentQuestion], frozen=True):
    """Read how to ask for marketing consent in a language; one that the store does not speak gets English."""

    asked_by = ("register", "display", "backoffice", "hub")

    language: LanguageCode
    channel: Channel = "email"


class Permitted(Message, frozen=True):
    """One address that may be written to, with what ends it."""

    customer_id: CustomerId
    first_name: str
    last_name: str
    company: str
    address: str
    language: LanguageCode | None
    consent_id: ConsentId
    withdraw_token: LinkToken


class MarketingAddresses(Reply, frozen=True):
    """Addresses that may be written to, each once in a page; ``next`` asks for the following page."""

    personal: ClassVar = True

    addresses: tuple[Permitted, ...]
    next: CustomerId | None = None


class MarketingList(Query[MarketingAddresses], frozen=True):
    """Read the addresses that may be written to for a purpose; all others are left out. Who read it is noted."""

    asked_by = ("backoffice", "hub")
    permission = "customer.export"

    channel: Channel
    purpose: Purpose = MARKETING
    limit: Annotated[int, Meta(ge=1, le=1000)] = 500
    next: CustomerId | None = None


class ConsentChanged(Event, frozen=True):
    """Something was said about writing to a customer. The address is in the consent, never here."""

    consent_id: ConsentId
    customer_id: CustomerId
    purpose: Purpose
    channel: Channel
    state: ConsentState
    recorded_at: Timestamp
