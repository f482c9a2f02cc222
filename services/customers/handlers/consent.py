"""Whether a customer may be written to: asked, answered, confirmed, withdrawn, listed."""

from datetime import timedelta

import msgspec

from contracts.customers import Customer, DetailInvalid
from contracts.customers.consent import (
    AddressNotOnFile,
    Answer,
    Channel,
    ConfirmConsent,
    ConsentChanged,
    ConsentId,
    ConsentLinks,
    ConsentNotFound,
    ConsentQuestion,
    Consents,
    ConsentSettled,
    ConsentState,
    GetConsentLinks,
    GetConsentQuestion,
    GetConsents,
    LinkInvalid,
    MarketingAddresses,
    MarketingList,
    Purpose,
    RecordConsent,
    SaleNotTheirs,
    WithdrawConsent,
)
from contracts.ids import CustomerId, SaleId
from services.customers.model.consent import (
    REFUSALS,
    Said,
    addresses_of,
    adds_something,
    answered,
    check_basis,
    imported_answer,
    link_token,
    newest,
    normal_address,
    preset,
    prove_refused_nothing,
    same_token,
)
from services.customers.sentences import question
from services.customers.store.consent import ConsentStore
from services.customers.store.consents_shown import CONFIRM, WITHDRAW, consents, marketing_page
from services.customers.store.customers import CustomerStore
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.clock import read_stamp, stamp

About = tuple[Purpose, Channel, str]
"""What one answer takes the place of another for."""


def record_consent(command: RecordConsent, tx: CustomersTx) -> Consents:
    """Keep what a customer answered about one of their addresses.

    Rejections:
        CustomerNotFound: there is no such customer.
        AddressNotOnFile: they do not have that address.
        ContactInvalid: it is no email or phone.
        DetailInvalid: an existing customer needs the sale and the notice that was shown, and has refused nothing; or
            the id is another answer's.
        SaleNotTheirs: the sale that makes them an existing customer is none of theirs.
    """
    customer = tx.customers.get(command.customer_id)
    check_basis(command.basis, command.answer, command.sale_id, command.notice_id)
    if command.source == "import":
        tx.prove_may("customer.import")
    address = normal_address(command.channel, command.address, tx.rules.country)
    if (command.channel, address) not in addresses_of(customer):
        raise AddressNotOnFile(field="address", channel=command.channel)
    about = (command.purpose, command.channel, address)
    said_before = tx.consents.find(command.consent_id)
    if said_before is not None and said_before.about != about:
        raise DetailInvalid(field="consent_id", rule="an-id-of-its-own")
    imported = command.source == "import"
    now = said_now(customer.customer_id, about, tx)
    if said_before is not None or (imported and not adds_something(command.answer, now)):
        return _told_all(customer, tx)
    if command.basis == "existing_customer":
        _prove_existing(customer.customer_id, command.sale_id, about, now, tx)
    confirm = tx.privacy.confirms_consent and command.basis == "consent"
    state = state_after(command.answer, now, about, tx, confirm=confirm, imported=imported)
    said = Said(
        consent_id=command.consent_id,
        customer_id=customer.customer_id,
        purpose=command.purpose,
        channel=command.channel,
        address=address,
        state=state,
        wording_id=command.wording_id,
        language=command.language,
        source=command.source,
        basis=command.basis,
        sale_id=command.sale_id,
        notice_id=command.notice_id,
        proven=not imported,
        staff_id=tx.signed_on if command.source == "staff" else None,
        recorded_at=stamp(tx.now),
        asked_id=command.consent_id,
    )
    keep(said, tx)
    return _told_all(customer, tx)


def consents_again(command: RecordConsent, tx: CustomersTx) -> Consents:
    """Answer a repeated command with what holds by now.

    Rejections:
        CustomerNotFound: the customer was erased since.
    """
    return _told_all(tx.customers.get(command.customer_id), tx)


def confirm_consent(command: ConfirmConsent, tx: CustomersTx) -> ConsentSettled:
    """The address is theirs, and they meant it.

    Rejections:
        ConsentNotFound: nobody was asked under that id, or they were erased since.
        LinkInvalid: the link was not sent, is too old, or the answer was taken back since.
    """
    asked, now = _asked(command.consent_id, CONFIRM, command.token, tx)
    if now.state == "confirmed":
        return ConsentSettled(command.consent_id, "confirmed")
    too_old = tx.now - read_stamp(asked.recorded_at) > timedelta(days=tx.privacy.confirm_days)
    if too_old or now.state not in {"pending", "granted"} or now.asked_id != command.consent_id:
        raise LinkInvalid(consent_id=command.consent_id)
    customer = tx.customers.get(now.customer_id)
    if (now.channel, now.address) not in addresses_of(customer):
        raise LinkInvalid(consent_id=command.consent_id)
    keep(_settling(now, "confirmed", tx), tx)
    return ConsentSettled(command.consent_id, "confirmed")


def withdraw_consent(command: WithdrawConsent, tx: CustomersTx) -> ConsentSettled:
    """They do not want to be written to any more; the link works for ever.

    Rejections:
        ConsentNotFound: nobody was asked under that id, or they were erased since.
        LinkInvalid: the link was not sent.
    """
    _, now = _asked(command.consent_id, WITHDRAW, command.token, tx)
    if now.state not in REFUSALS:
        keep(_settling(now, "withdrawn", tx), tx)
        return ConsentSettled(command.consent_id, "withdrawn")
    return ConsentSettled(command.consent_id, now.state)


async def get_consents(query: GetConsents, view: CustomersView) -> Consents:
    """Tell which addresses of a customer may be written to; who saw them in full is noted.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    key = view.digest_key
    told_all = await view.read(
        lambda connection: consents(
            connection, key, CustomerStore(connection).get(query.customer_id), details=view.sees_details
        )
    )
    if view.sees_details:
        view.accessed("viewed", told_all.customer_id)
    return told_all


async def get_consent_links(query: GetConsentLinks, view: CustomersView) -> ConsentLinks:
    """Tell what goes into the links of a message.

    Rejections:
        ConsentNotFound: nobody was asked under that id.
    """
    key = view.digest_key
    said = await view.read(lambda connection: ConsentStore(connection, key).find(query.consent_id))
    if said is None:
        raise ConsentNotFound(consent_id=query.consent_id)
    now = await view.read(lambda connection: ConsentStore(connection, key).settled(query.consent_id)) or said
    return ConsentLinks(
        consent_id=said.consent_id,
        channel=said.channel,
        address=said.address,
        language=said.language,
        state=now.state,
        confirm_token=link_token(key, CONFIRM, said.consent_id) if now.state == "pending" else None,
        withdraw_token=link_token(key, WITHDRAW, said.consent_id),
    )


def get_consent_question(query: GetConsentQuestion, view: CustomersView) -> ConsentQuestion:
    """Tell how to ask; in Europe no answer is there before."""
    asked = question(query.language, query.channel)
    return ConsentQuestion(
        wording_id=asked.wording_id,
        language=asked.language,
        question=asked.question,
        yes=asked.yes,
        no=asked.no,
        preset=preset(view.privacy.country, view.privacy.marketing_preset),
        double_opt_in=view.privacy.confirms_consent,
    )


async def marketing_list(query: MarketingList, view: CustomersView) -> MarketingAddresses:
    """List the addresses that may be written to, and note who read them."""
    key = view.digest_key
    page = await view.read(lambda connection: marketing_page(connection, key, query))
    view.accessed("marketing_list", None, len(page.addresses))
    return page


def told(said: Said) -> ConsentChanged:
    """What others are told of it."""
    return ConsentChanged(said.consent_id, said.customer_id, said.purpose, said.channel, said.state, said.recorded_at)


def _told_all(customer: Customer, tx: CustomersTx) -> Consents:
    """What holds for every address of a customer; who saw them in full is noted."""
    if tx.sees_details:
        tx.accessed("viewed", customer.customer_id)
    return consents(tx.connection, tx.digest_key, customer, details=tx.sees_details)


def said_now(customer_id: CustomerId, about: About, tx: CustomersTx) -> Said | None:
    """What counts for an address of a customer by now."""
    return newest(tx.consents.said_by(customer_id)).get(about)


def _prove_existing(
    customer_id: CustomerId, sale_id: SaleId | None, about: About, now: Said | None, tx: CustomersTx
) -> None:
    """Let only somebody count as an existing customer who bought then and has refused nothing."""
    prove_refused_nothing("unknown" if now is None else now.state, suppressed=tx.consents.is_suppressed(*about))
    if not tx.history.bought(customer_id, sale_id):
        raise SaleNotTheirs(field="sale_id", sale_id=sale_id)


def state_after(  # noqa: PLR0913 - what an answer's worth depends on
    answer: Answer, now: Said | None, about: About, tx: CustomersTx, *, confirm: bool, imported: bool
) -> ConsentState:
    """What an answer comes to; what is only said to have been said overrides no refusal."""
    before: ConsentState = "unknown" if now is None else now.state
    if imported:
        return imported_answer(answer, before, suppressed=tx.consents.is_suppressed(*about))
    return answered(answer, before, confirm=confirm)


def keep(said: Said, tx: CustomersTx) -> None:
    """Keep what was said, and whether the address may be written to since; tell it."""
    tx.consents.add([said])
    if said.state in REFUSALS:
        tx.consents.suppress(*said.about, tx.now)
    elif said.proven and said.state in {"granted", "confirmed"}:
        tx.consents.lift(*said.about)
    tx.note("consent", said.customer_id, reference=said.consent_id)
    tx.record(told(said))


def _asked(consent_id: ConsentId, kind: str, token: str, tx: CustomersTx) -> tuple[Said, Said]:
    """What was asked under an id, and what holds for that address now."""
    asked = tx.consents.find(consent_id)
    if asked is None:
        raise ConsentNotFound(consent_id=consent_id)
    if not same_token(token, link_token(tx.digest_key, kind, consent_id)):
        raise LinkInvalid(consent_id=consent_id)
    present = tx.customers.present_id(asked.customer_id)
    now = newest(tx.consents.said_by(present)).get(asked.about, asked)
    return asked, msgspec.structs.replace(now, customer_id=present)


def _settling(now: Said, state: ConsentState, tx: CustomersTx) -> Said:
    return msgspec.structs.replace(
        now,
        consent_id=tx.ids.new(),
        state=state,
        proven=True,
        staff_id=None,
        source="api",
        recorded_at=stamp(tx.now),
        merge_id=None,
    )
