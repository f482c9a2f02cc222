"""Consent: asked, answered, confirmed, withdrawn, bound to one address, and never more than was said."""

from typing import Any

import msgspec
import pytest

from contracts.customers import UpdateCustomer
from contracts.customers.consent import (
    ConfirmConsent,
    ConsentChanged,
    ConsentId,
    GetConsentLinks,
    GetConsentQuestion,
    GetConsents,
    MarketingAddresses,
    MarketingList,
    Purpose,
    RecordConsent,
    WithdrawConsent,
)
from contracts.customers.privacy.erasing import EraseCustomer, ErasureId, ErasureReason
from contracts.customers.privacy.noting import ReadAccessLog
from contracts.ids import CustomerId
from services.customers.handlers.imported_consent import Imported, keep_imported
from services.customers.settings import CustomersSettings
from services.customers.transactions import CustomersTx
from services.runtime.clock import stamp
from services.runtime.writer import Scope
from tests.services.customers.ledgers.shop import IDS, LedgerShop, a_tender, refusal, sale_id
from tests.services.customers.privacy.conftest import Opened
from tests.services.customers.privacy.people import (
    ALL,
    ANNA,
    ANNE,
    MAIL,
    NOBODY,
    answer,
    ask,
    consent_of,
    merge,
    put_on_file,
    send,
)

OTHER_MAIL = "second@example.com"
PHONE = "+358401234567"
ANNA_AGAIN = CustomerId("0190a000-0000-7000-8000-0000000000a4")
DAY_S = 86_400.0
EXISTING: dict[str, Any] = {"basis": "existing_customer", "sale_id": sale_id(1), "notice_id": "n-1"}
NEWS = Purpose("newsletter")


async def listed(shop: LedgerShop) -> list[str]:
    page = await ask(shop, MarketingList("email"))
    assert isinstance(page, MarketingAddresses), page
    return [each.address for each in page.addresses]


async def test_having_an_email_is_no_consent(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))

    assert (await consent_of(shop, ANNA)).state == "unknown"
    assert await listed(shop) == []


async def test_a_yes_permits_the_address_it_was_given_for_and_no_other(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL, OTHER_MAIL), phones=(PHONE,))

    await answer(shop, ANNA, "yes")

    kept = await consent_of(shop, ANNA)
    assert (kept.state, kept.permitted, kept.wording_id, kept.language, kept.source) == (
        "granted",
        True,
        "w-1",
        "fi",
        "staff",
    )
    assert kept.staff_id is not None
    assert (await consent_of(shop, ANNA, OTHER_MAIL)).state == "unknown"
    assert (await consent_of(shop, ANNA, PHONE)).state == "unknown"
    assert await listed(shop) == [MAIL]


async def test_a_changed_address_starts_at_unknown(shop: LedgerShop) -> None:
    made = await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    await answer(shop, ANNA, "yes")

    await ask(shop, UpdateCustomer(ANNA, made.revision, emails=(OTHER_MAIL,)))

    assert (await consent_of(shop, ANNA, OTHER_MAIL)).state == "unknown"
    assert await listed(shop) == []


async def test_a_no_is_denied_and_a_no_after_a_yes_withdrawn(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL, OTHER_MAIL))

    await answer(shop, ANNA, "no", OTHER_MAIL)
    await answer(shop, ANNA, "yes")
    await answer(shop, ANNA, "no")

    assert (await consent_of(shop, ANNA, OTHER_MAIL)).state == "denied"
    assert (await consent_of(shop, ANNA)).state == "withdrawn"
    assert await listed(shop) == []
    states = [each.state for each in shop.store.told(ConsentChanged)]
    assert states == ["denied", "granted", "withdrawn"]


async def test_a_yes_said_later_in_the_shop_counts_again(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    await answer(shop, ANNA, "no")

    await answer(shop, ANNA, "yes", source="customer_display")

    kept = await consent_of(shop, ANNA)
    assert (kept.state, kept.permitted, kept.staff_id) == ("granted", True, None)


async def test_rows_are_only_added_and_a_repeated_answer_adds_none(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    consent_id = ConsentId(IDS.new())

    for _ in range(2):
        await answer(shop, ANNA, "yes", consent_id=consent_id)
    await answer(shop, ANNA, "no")

    def count(connection: object) -> int:
        rows = connection.exec_driver_sql("SELECT state FROM consent ORDER BY number")  # type: ignore[attr-defined]
        assert [row[0] for row in rows] == ["granted", "withdrawn"]
        return 2

    assert await shop.store.read("customers", count) == 2


@pytest.mark.parametrize("missing", ["sale_id", "notice_id"])
async def test_an_existing_customer_needs_the_sale_and_the_notice(shop: LedgerShop, missing: str) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    await shop.sell(1, a_tender(1, "cash", 900), customer_id=ANNA)

    refused = await answer(shop, ANNA, "yes", **{**EXISTING, missing: None})
    await answer(shop, ANNA, "yes", **EXISTING)

    assert refusal(refused) == ("detail-invalid", missing)
    assert (await consent_of(shop, ANNA)).basis == "existing_customer"


async def test_an_existing_customer_bought_in_that_sale_themselves(shop: LedgerShop) -> None:
    """By any id that was ever theirs; what somebody else bought, what came back, and what nobody sold is no sale."""
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    await put_on_file(shop, ANNE, "Anne")
    await shop.sell(1, a_tender(1, "cash", 900), customer_id=ANNE)
    sold = await shop.sell(4, a_tender(4, "cash", 900), customer_id=ANNA)
    await shop.tell(msgspec.structs.replace(sold, sale_id=sale_id(2), transaction_kind="return"))
    for number in (1, 2, 3):
        refused = await answer(shop, ANNA, "yes", **{**EXISTING, "sale_id": sale_id(number)})
        assert refusal(refused) == ("sale-not-theirs", "sale_id")

    await merge(shop, ANNA, ANNE)
    await answer(shop, ANNA, "yes", **EXISTING)

    assert await listed(shop) == [MAIL]


@pytest.mark.parametrize("said_before", [("no",), ("yes", "no")])
async def test_an_existing_customer_who_refused_is_not_written_to_without_a_yes(
    shop: LedgerShop, said_before: tuple[str, ...]
) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    await shop.sell(1, a_tender(1, "cash", 900), customer_id=ANNA)
    for said in said_before:
        await answer(shop, ANNA, said)

    refused = await answer(shop, ANNA, "yes", **EXISTING)

    assert refusal(refused) == ("detail-invalid", "basis")
    assert await listed(shop) == []


async def test_an_existing_customer_with_the_address_of_somebody_erased_is_not_written_to_without_a_yes(
    shop: LedgerShop,
) -> None:
    await put_on_file(shop, ANNE, "Anne", emails=(MAIL,))
    await ask(shop, EraseCustomer(ErasureId(IDS.new()), ANNE))
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    await shop.sell(1, a_tender(1, "cash", 900), customer_id=ANNA)

    refused = await answer(shop, ANNA, "yes", **EXISTING)

    assert refusal(refused) == ("detail-invalid", "basis")
    assert await listed(shop) == []


async def test_what_nobody_has_cannot_be_consented_to(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))

    assert refusal(await answer(shop, ANNA, "yes", OTHER_MAIL)) == ("address-not-on-file", "address")
    assert refusal(await answer(shop, ANNA, "yes", "no@mail@at.all")) == ("contact-invalid", "address")
    assert refusal(await answer(shop, NOBODY, "yes"))[0] == "customer-not-found"


async def test_in_germany_a_yes_waits_for_the_link_that_only_the_address_gets(opened: Opened) -> None:
    async with opened(country="DE") as shop:
        await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
        consent_id = ConsentId(IDS.new())
        await answer(shop, ANNA, "yes", consent_id=consent_id)
        assert (await consent_of(shop, ANNA)).state == "pending"
        assert await listed(shop) == []
        links = await ask(shop, GetConsentLinks(consent_id))

        wrong = await send(shop, ConfirmConsent(consent_id, "0" * 64), caller="office")
        crossed = await send(shop, ConfirmConsent(consent_id, links.withdraw_token), caller="office")
        right = [await send(shop, ConfirmConsent(consent_id, links.confirm_token), caller="office") for _ in "ab"]

        assert (refusal(wrong)[0], refusal(crossed)[0]) == ("link-invalid", "link-invalid")
        assert [each.state for each in right] == ["confirmed", "confirmed"]
        assert await listed(shop) == [MAIL]


@pytest.mark.parametrize(
    ("country", "double_opt_in", "state", "on_the_list"),
    [("DE", False, "granted", [MAIL]), ("FI", True, "pending", []), ("US", True, "pending", [])],
)
async def test_a_shop_has_a_yes_confirmed_or_not_as_it_settles_it_wherever_it_is(
    opened: Opened, country: str, double_opt_in: bool, state: str, on_the_list: list[str]
) -> None:
    async with opened(country=country, double_opt_in=double_opt_in) as shop:
        await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))

        await answer(shop, ANNA, "yes")

        assert (await consent_of(shop, ANNA)).state == state
        assert await listed(shop) == on_the_list
        assert (await send(shop, GetConsentQuestion("en"))).double_opt_in is double_opt_in


@pytest.mark.parametrize("source", ["staff", "customer_display", "import", "api"])
async def test_an_answer_is_kept_with_its_source_and_time(shop: LedgerShop, source: str) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    shop.clock.move(DAY_S)
    said_at = stamp(shop.clock.now())

    await answer(shop, ANNA, "yes", source=source)
    shop.clock.move(DAY_S)

    kept = await consent_of(shop, ANNA)
    assert (kept.source, kept.recorded_at) == (source, said_at)


@pytest.mark.parametrize("said", ["confirmed", "withdrawn"])
async def test_what_a_link_says_is_kept_with_the_time_it_was_opened(opened: Opened, said: str) -> None:
    async with opened(country="DE") as shop:
        await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
        consent_id = ConsentId(IDS.new())
        await answer(shop, ANNA, "yes", consent_id=consent_id)
        links = await ask(shop, GetConsentLinks(consent_id))
        shop.clock.move(DAY_S)
        opened_at = stamp(shop.clock.now())

        if said == "confirmed":
            await send(shop, ConfirmConsent(consent_id, links.confirm_token), caller="office")
        else:
            await send(shop, WithdrawConsent(consent_id, links.withdraw_token), caller="office")
        shop.clock.move(DAY_S)

        kept = await consent_of(shop, ANNA)
        assert (kept.state, kept.source, kept.recorded_at) == (said, "api", opened_at)


async def test_a_link_to_confirm_ends_and_a_link_to_withdraw_never(opened: Opened) -> None:
    async with opened(country="DE") as shop:
        await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
        consent_id = ConsentId(IDS.new())
        await answer(shop, ANNA, "yes", consent_id=consent_id)
        links = await ask(shop, GetConsentLinks(consent_id))
        shop.clock.move(15 * DAY_S)

        late = await send(shop, ConfirmConsent(consent_id, links.confirm_token), caller="office")
        shop.clock.move(4000 * DAY_S)
        out = await send(shop, WithdrawConsent(consent_id, links.withdraw_token), caller="office")

        assert refusal(late)[0] == "link-invalid"
        assert out.state == "withdrawn"
        assert (await consent_of(shop, ANNA)).state == "withdrawn"


async def test_a_withdrawal_ends_the_link_to_confirm(opened: Opened) -> None:
    async with opened(country="DE") as shop:
        await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
        consent_id = ConsentId(IDS.new())
        await answer(shop, ANNA, "yes", consent_id=consent_id)
        links = await ask(shop, GetConsentLinks(consent_id))
        await answer(shop, ANNA, "no")

        late = await send(shop, ConfirmConsent(consent_id, links.confirm_token), caller="office")

        assert refusal(late)[0] == "link-invalid"


async def imported(shop: LedgerShop, customer_id: object, *, do_not_write: bool, is_new: bool = True) -> None:
    running = shop.store.services["customers"]

    def job(scope: Scope) -> None:
        tx = running._transaction(scope, IDS.new())  # noqa: SLF001 - as the import's handler is given one
        assert isinstance(tx, CustomersTx)
        customer = tx.customers.get(customer_id)  # type: ignore[arg-type]
        row = Imported("email", MAIL, do_not_write=do_not_write, language="fi", wording_id="lightspeed")
        key = IDS.derived(IDS.new(), "row 1")
        assert [keep_imported(customer, row, key, tx) for _ in "ab"] == [is_new, False]

    await running.writer.run(job)


async def test_an_imported_yes_is_unproven_and_in_no_list(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))

    await imported(shop, ANNA, do_not_write=False)

    kept = await consent_of(shop, ANNA)
    assert (kept.state, kept.proven, kept.permitted) == ("granted", False, False)
    assert await listed(shop) == []


async def test_an_import_brings_a_refusal_and_lifts_none(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))

    await imported(shop, ANNA, do_not_write=True)
    assert (await consent_of(shop, ANNA)).state == "denied"
    await imported(shop, ANNA, do_not_write=False)

    assert (await consent_of(shop, ANNA)).state == "denied"


async def test_an_imported_yes_takes_nothing_from_a_proven_one(shop: LedgerShop) -> None:
    """Nor does one that a register sends as imported; an imported no counts all the same."""
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    await answer(shop, ANNA, "yes")

    await imported(shop, ANNA, do_not_write=False, is_new=False)
    told = await answer(shop, ANNA, "yes", source="import")

    assert [each.permitted for each in told.consents if each.channel == "email"] == [True]
    assert await listed(shop) == [MAIL]
    await imported(shop, ANNA, do_not_write=True)
    assert (await consent_of(shop, ANNA)).state == "withdrawn"


async def test_an_imported_yes_leaves_a_mailed_link_good(opened: Opened) -> None:
    async with opened(country="DE") as shop:
        await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
        consent_id = ConsentId(IDS.new())
        await answer(shop, ANNA, "yes", consent_id=consent_id)
        links = await ask(shop, GetConsentLinks(consent_id))

        await imported(shop, ANNA, do_not_write=False, is_new=False)
        settled = await send(shop, ConfirmConsent(consent_id, links.confirm_token), caller="office")

        assert settled.state == "confirmed"
        assert await listed(shop) == [MAIL]


async def test_importing_consent_needs_its_permission_and_is_never_proven(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    command = RecordConsent(ConsentId(IDS.new()), ANNA, "email", MAIL, "yes", "w-1", "fi", source="import")

    refused = await shop.ask(command, "customer.edit")
    await ask(shop, command)

    assert refusal(refused)[0] == "permission-denied"
    assert not (await consent_of(shop, ANNA)).permitted


async def test_a_refusal_outlives_erasure_as_a_keyed_hash(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    await ask(shop, EraseCustomer(ErasureId(IDS.new()), ANNA))
    await put_on_file(shop, ANNE, "Anne", emails=(MAIL,))

    await imported(shop, ANNE, do_not_write=False)

    assert (await consent_of(shop, ANNE)).state == "denied"
    await answer(shop, ANNE, "yes")
    assert await listed(shop) == [MAIL]


async def test_after_an_erasure_a_yes_to_one_purpose_allows_that_one_alone(shop: LedgerShop) -> None:
    """Until whoever has the address asks to be forgotten again."""
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))
    await put_on_file(shop, ANNE, "Anne", emails=(MAIL,))
    await answer(shop, ANNE, "yes")
    await ask(shop, EraseCustomer(ErasureId(IDS.new()), ANNA))
    assert await listed(shop) == []

    await answer(shop, ANNE, "yes", purpose=NEWS)

    news = await ask(shop, MarketingList("email", NEWS))
    assert ([each.address for each in news.addresses], await listed(shop)) == ([MAIL], [])
    await put_on_file(shop, ANNA_AGAIN, "Anna", emails=(MAIL,))
    await ask(shop, EraseCustomer(ErasureId(IDS.new()), ANNA_AGAIN))
    assert (await ask(shop, MarketingList("email", NEWS))).addresses == ()


@pytest.mark.parametrize("reason", ["mistaken_record", "retention"])
async def test_erasing_a_record_that_was_a_mistake_or_is_old_silences_nobody_else(
    shop: LedgerShop, reason: ErasureReason
) -> None:
    for each, name in ((ANNA, "Anna"), (ANNE, "Anne")):
        await put_on_file(shop, each, name, emails=(MAIL,))
    await answer(shop, ANNE, "yes")

    await ask(shop, EraseCustomer(ErasureId(IDS.new()), ANNA, reason=reason))

    assert await listed(shop) == [MAIL]


async def test_who_looked_at_addresses_in_full_is_noted(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,))

    await shop.ask(GetConsents(ANNA), "customer.view")
    await shop.store.send(GetConsents(ANNA), caller="office", token=shop.store.token(*ALL, caller="office"))
    await answer(shop, ANNA, "yes")

    while len(notes := (await ask(shop, ReadAccessLog(ANNA))).notes) < 2:
        pass
    assert {(each.kind, each.caller) for each in notes} == {("viewed", "office"), ("viewed", "till-1")}


async def test_a_refusal_of_an_address_that_two_customers_share_holds_for_both(shop: LedgerShop) -> None:
    for each, name in ((ANNA, "Anna"), (ANNE, "Anne")):
        await put_on_file(shop, each, name, emails=(MAIL,))
        await answer(shop, each, "yes")
    assert await listed(shop) == [MAIL]

    await answer(shop, ANNA, "no")

    assert await listed(shop) == []


async def test_who_may_not_see_details_sees_no_address(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", emails=(MAIL,), phones=(PHONE,))

    told = await shop.ask(GetConsents(ANNA), "customer.view")

    assert MAIL not in str(told)
    assert PHONE not in str(told)


@pytest.mark.parametrize(
    ("language", "yes"), [("en", "Yes, gladly"), ("de", "Ja, gern"), ("nl", "Ja, graag"), ("fi", "Kyllä, mielelläni")]
)
async def test_the_question_is_asked_in_four_languages_with_no_answer_preset(
    shop: LedgerShop, language: str, yes: str
) -> None:
    asked = await send(shop, GetConsentQuestion(language))

    assert (asked.yes, asked.preset, asked.language) == (yes, "none", language)


async def test_outside_europe_the_shop_may_preset_an_answer(opened: Opened) -> None:
    async with opened(country="US", marketing_preset="yes") as shop:
        assert (await send(shop, GetConsentQuestion("sv"))).preset == "yes"


EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
TERRITORIES = "AX GF GP MF MQ RE SJ YT"
LIKE_THEM = "CH GB IS LI NO"


@pytest.mark.parametrize("country", f"{EU} {TERRITORIES} {LIKE_THEM}".split())
def test_in_europe_a_preset_is_refused(country: str) -> None:
    with pytest.raises(ValueError, match="marketing_preset"):
        CustomersSettings(country=country, marketing_preset="yes")
