"""How checkout is put together: its routes, whom it follows, what it retains."""

import asyncio
from functools import partial
from pathlib import Path

from contracts.checkout.catalogue import CountCatalogue, GetItem, PutItems
from contracts.checkout.crediting import AttributeLines, ChangeAttribution
from contracts.checkout.paying import AddTender, CheckSale, CompleteSale, RemoveTender, SkipPrompt, WaiveRule
from contracts.checkout.reading import FindSalesBySerial, GetReceipt, GetSale
from contracts.checkout.selling import (
    AddLineItem,
    ApplyScan,
    AttachCustomer,
    OpenSale,
    RemoveLineItem,
    SetQuantity,
    VoidSale,
)
from contracts.customers import CustomerChanged
from contracts.policy import SettingsChanged
from contracts.staff import StaffChanged
from contracts.staff.signing_on import SessionEnded, SessionStarted
from services.checkout.catalogue.tax_rates import shipped_rates
from services.checkout.current import Current
from services.checkout.handlers import (
    catalogue,
    checks,
    credit,
    customers,
    fading,
    line_items,
    payment,
    queries,
    sessions,
    staff,
)
from services.checkout.settings import CheckoutSettings
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.running import Context
from services.runtime.service import Follow, Service, command, query
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
            command(OpenSale, line_items.open_sale, prepare=line_items.prepare_open_sale, at_once=True),
            command(AddLineItem, line_items.add_line_item),
            command(SetQuantity, line_items.set_quantity),
            command(RemoveLineItem, line_items.remove_line_item),
            command(AttributeLines, line_items.attribute_lines),
            command(ApplyScan, line_items.apply_scan),
            command(AttachCustomer, customers.attach_customer, prepare=customers.prepare_attach_customer),
            command(CheckSale, checks.check_sale, prepare=checks.prepare_check_sale),
            command(SkipPrompt, checks.skip_prompt, prepare=checks.prepare_skip_prompt),
            command(WaiveRule, checks.waive_rule, prepare=checks.prepare_waive_rule),
            command(AddTender, payment.add_tender, prepare=payment.prepare_add_tender),
            command(RemoveTender, payment.remove_tender),
            command(CompleteSale, payment.complete_sale, prepare=payment.prepare_complete_sale, at_once=True),
            command(VoidSale, payment.void_sale),
            command(ChangeAttribution, credit.change_attribution),
            query(GetSale, queries.get_sale),
            query(GetReceipt, queries.get_receipt),
            query(FindSalesBySerial, queries.find_sales_by_serial),
            command(PutItems, catalogue.put_items),
            query(GetItem, catalogue.get_item),
            query(CountCatalogue, catalogue.count_catalogue),
        ),
        follows=(
            Follow("customers", "open-sales", "reaction", on={CustomerChanged: customers.on_customer_changed}),
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
        workers=(fade,),
        start=lambda tx: catalogue.start(tx, shipped_rates()),
    )
