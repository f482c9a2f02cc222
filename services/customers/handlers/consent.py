"""Whether a customer may be written to: asked, answered, confirmed, withdrawn, listed."""

from datetime import timedelta
from typing import NamedTuple

import msgspec

from contracts.customers import Customer, DetailInvalid
from contracts.customers.consent import (
    MARKETING,
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
    WithdrawConsent,
)
from contracts.ids import CustomerId
from services.customers.model.consent import (
    REFUSALS,
    Said,
    addresses_of,
    answered,
    check_basis,
    imported_answer,
    link_token,
    newest,
    normal_address,
    preset,
    same_token,
)
from services.customers.sentences import question
from services.customers.store.consent import ConsentStore
from services.customers.store.consents_shown import CONFIRM, WITHDRAW, consents, marketing_page
from services.customers.store.customers import CustomerStore
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.clock import read_stamp, stamp


def record_consent(command: RecordConsent, tx: CustomersTx) -> Consents:
    """Keep what a customer answered about one of their addresses.

    Rejections:
        CustomerNotFound: there is no such customer.
        AddressNotOnFile: they do not have that address.
        ContactInvalid: it is no email or phone.
        DetailInvalid: an existing customer needs the sale and the notice that was shown, or the id is another answer's.
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
    if said_before is not None:
        if said_before.about != about:
            raise DetailInvalid(field="consent_id", rule="an-id-of-its-own")
        return consents(tx.connection, tx.digest_key, customer, details=tx.sees_details)
    imported = command.source == "import"
    confirm = tx.privacy.confirms_consent and command.basis == "consent"
    state = _state(command.answer, about, customer.customer_id, tx, confirm=confirm, imported=imported)
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
    _keep(said, tx)
    return consents(tx.connection, tx.digest_key, customer, details=tx.sees_details)


def consents_again(command: RecordConsent, tx: CustomersTx) -> Consents:
    """Answer a repeated command with what holds by now.

    Rejections:
        CustomerNotFound: the customer was erased since.
    """
    return consents(tx.connection, tx.digest_key, tx.customers.get(command.customer_id), details=tx.sees_details)


class Imported(NamedTuple):
    """What a file of another system says about writing to a customer."""

    channel: Channel
    address: str
    do_not_write: bool
    language: str
    wording_id: str
    purpose: Purpose = MARKETING


def keep_imported(customer: Customer, imported: Imported, source_key: str, tx: CustomersTx) -> bool:
    """Keep what an import says: a refusal counts, a yes is granted but unproven. Says whether it was new.

    Args:
        customer: as they are on file; the address must be theirs.
        imported: what the row says.
        source_key: a UUID that names the row, so that it is kept once.
        tx: where it is kept.
    """
    consent_id = ConsentId(tx.ids.derived(source_key, f"consent {imported.channel} {imported.address}"))
    if tx.consents.find(consent_id) is not None:
        return False
    about = (imported.purpose, imported.channel, imported.address)
    answer: Answer = "no" if imported.do_not_write else "yes"
    state = _state(answer, about, customer.customer_id, tx, confirm=False, imported=True)
    said = Said(
        consent_id=consent_id,
        customer_id=customer.customer_id,
        purpose=imported.purpose,
        channel=imported.channel,
        address=imported.address,
        state=state,
        wording_id=imported.wording_id,
        language=imported.language,
        source="import",
        basis="consent",
        sale_id=None,
        notice_id=None,
        proven=False,
        staff_id=None,
        recorded_at=stamp(tx.now),
        asked_id=consent_id,
    )
    _keep(said, tx)
    return True


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
    _keep(_settling(now, "confirmed", tx), tx)
    return ConsentSettled(command.consent_id, "confirmed")


def withdraw_consent(command: WithdrawConsent, tx: CustomersTx) -> ConsentSettled:
    """They do not want to be written to any more; the link works for ever.

    Rejections:
        ConsentNotFound: nobody was asked under that id, or they were erased since.
        LinkInvalid: the link was not sent.
    """
    _, now = _asked(command.consent_id, WITHDRAW, command.token, tx)
    if now.state not in REFUSALS:
        _keep(_settling(now, "withdrawn", tx), tx)
        return ConsentSettled(command.consent_id, "withdrawn")
    return ConsentSettled(command.consent_id, now.state)


async def get_consents(query: GetConsents, view: CustomersView) -> Consents:
    """Tell which addresses of a customer may be written to.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    key = view.digest_key
    return await view.read(
        lambda connection: consents(
            connection, key, CustomerStore(connection).get(query.customer_id), details=view.sees_details
        )
    )


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


def _state(  # noqa: PLR0913 - what an answer's worth depends on
    answer: Answer,
    about: tuple[Purpose, Channel, str],
    customer_id: CustomerId,
    tx: CustomersTx,
    *,
    confirm: bool,
    imported: bool,
) -> ConsentState:
    """What an answer comes to; what is only said to have been said overrides no refusal."""
    said = newest(tx.consents.said_by(customer_id)).get(about)
    before = "unknown" if said is None else said.state
    if imported:
        return imported_answer(answer, before, suppressed=tx.consents.is_suppressed(*about))
    return answered(answer, before, confirm=confirm)


def _keep(said: Said, tx: CustomersTx) -> None:
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
