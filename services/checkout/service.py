"""How checkout is put together: its routes, whom it follows, what it retains."""

import asyncio
from functools import partial
from pathlib import Path

from contracts.checkout.account_payments import AddAccountPayment
from contracts.checkout.catalogue import CountCatalogue, GetItem, GetTaxClass, PutItems
from contracts.checkout.crediting import AttributeLines, ChangeAttribution
from contracts.checkout.custom import ListFieldsOfSales, SetCustomFields
from contracts.checkout.paying import AddTender, CheckSale, CompleteSale, RemoveTender, SkipPrompt, WaiveRule
from contracts.checkout.reading import FindSalesBySerial, GetReceipt, GetSale
from contracts.checkout.redeeming import RedeemPoints, RemoveRedemption
from contracts.checkout.selling import (
    AddLineItem,
    ApplyScan,
    AttachCustomer,
    AttachNewCustomer,
    OpenSale,
    RemoveLineItem,
    SetQuantity,
    VoidSale,
)
from contracts.customers.asking import CustomerChanged
from contracts.customers.merging import CustomersMerged, CustomersParted
from contracts.customers.privacy.telling import CustomerErased
from contracts.policy.telling import SettingsChanged
from contracts.staff import StaffChanged
from contracts.staff.signing_on import SessionEnded, SessionStarted
from services.checkout.catalogue.tax_rates import shipped_rates
from services.checkout.current import Current
from services.checkout.handlers import (
    catalogue,
    checks,
    credit,
    custom,
    customers,
    fading,
    line_items,
    payment,
    queries,
    redeeming,
    scans,
    sessions,
    staff,
)
from services.checkout.settings import CheckoutSettings
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.checkout.wiping import wipe_in_time
from services.runtime.service import Follow, Service, command, query
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault

FADE_EVERY_S = 3600.0


def checkout(settings: CheckoutSettings) -> Service[CheckoutTx, CheckoutView]:
    """Put checkout together; nothing runs from here."""
    current = Current(settings)

    async def fade(context: Context[CheckoutTx, CheckoutView]) -> None:
        """Look for old skips and waivers at the start and again and again."""
        while True:
            try:
                while old := await fading.found(context.view()):
                    await context.write(partial(fading.fade, old))
            except DatabaseFault as fault:
                context.log.warning("skips-not-faded", fault=str(fault))
            await asyncio.sleep(FADE_EVERY_S)

    return Service(
        name="checkout",
        migrations=Path(__file__).parent / "migrations",
        transaction=lambda scope, around, request: CheckoutTx(scope, around, request, current),
        view=lambda around, request: CheckoutView(around, request, current),
        routes=(
            command(
                OpenSale,
                line_items.open_sale,
                rebuild=queries.sale_again,
                prepare=line_items.prepare_open_sale,
                at_once=True,
            ),
            command(AddLineItem, line_items.add_line_item, rebuild=queries.sale_again),
            command(AddAccountPayment, line_items.add_account_payment, rebuild=queries.sale_again),
            command(
                SetCustomFields,
                custom.set_custom_fields,
                prepare=custom.prepare_set_custom_fields,
                rebuild=queries.sale_again,
            ),
            command(SetQuantity, line_items.set_quantity, rebuild=queries.sale_again),
            command(RemoveLineItem, line_items.remove_line_item, rebuild=queries.sale_again),
            command(AttributeLines, line_items.attribute_lines, rebuild=queries.sale_again),
            command(ApplyScan, scans.apply_scan, prepare=scans.prepare_apply_scan, at_once=True),
            command(
                AttachCustomer,
                customers.attach_customer,
                rebuild=queries.sale_again,
                prepare=customers.prepare_attach_customer,
            ),
            command(
                AttachNewCustomer,
                customers.attach_new_customer,
                rebuild=queries.sale_again,
                prepare=customers.prepare_attach_new_customer,
            ),
            command(
                RedeemPoints,
                redeeming.redeem_points,
                rebuild=queries.sale_again,
                prepare=redeeming.prepare_redeem_points,
            ),
            command(RemoveRedemption, redeeming.remove_redemption, rebuild=queries.sale_again),
            command(CheckSale, checks.check_sale, rebuild=queries.sale_again, prepare=checks.prepare_check_sale),
            command(SkipPrompt, checks.skip_prompt, rebuild=queries.sale_again, prepare=checks.prepare_skip_prompt),
            command(WaiveRule, checks.waive_rule, rebuild=queries.sale_again, prepare=checks.prepare_waive_rule),
            command(AddTender, payment.add_tender, rebuild=queries.sale_again, prepare=payment.prepare_add_tender),
            command(RemoveTender, payment.remove_tender, rebuild=queries.sale_again),
            command(
                CompleteSale,
                payment.complete_sale,
                rebuild=queries.sale_again,
                prepare=payment.prepare_complete_sale,
                at_once=True,
            ),
            command(VoidSale, payment.void_sale, rebuild=queries.sale_again),
            command(ChangeAttribution, credit.change_attribution, rebuild=queries.sale_again),
            query(GetSale, queries.get_sale),
            query(GetReceipt, queries.get_receipt),
            query(FindSalesBySerial, queries.find_sales_by_serial),
            query(ListFieldsOfSales, custom.list_fields_of_sales),
            command(PutItems, catalogue.put_items),
            query(GetItem, catalogue.get_item),
            query(CountCatalogue, catalogue.count_catalogue),
            query(GetTaxClass, catalogue.get_tax_class),
        ),
        follows=(
            Follow(
                "customers",
                "open-sales",
                "reaction",
                on={
                    CustomerChanged: customers.on_customer_changed,
                    CustomersMerged: customers.on_customers_merged,
                    CustomersParted: customers.on_customers_parted,
                    CustomerErased: customers.on_customer_erased,
                },
            ),
            Follow("policy", "settings", "reaction", on={SettingsChanged: checks.on_settings_changed}),
            Follow(
                "staff",
                "sessions",
                "reaction",
                on={SessionStarted: sessions.on_session_started, SessionEnded: sessions.on_session_ended},
            ),
            Follow("staff", "people", "projection", on={StaffChanged: staff.on_staff_changed}, wipe=staff.forget),
        ),
        shown=queries.shown,
        snapshot=queries.snapshot,
        workers=(fade, lambda context: wipe_in_time(context, current)),
        start=lambda tx: catalogue.start(tx, shipped_rates()),
    )
