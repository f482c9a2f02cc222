"""Customer line displays: what two rows say of a sale. Nothing of it is kept."""

from datetime import timedelta

from contracts.checkout.completed import SaleCompleted
from contracts.checkout.selling import SaleVoided
from contracts.devices import LineDisplayNotFound, LineShown, ShowLine
from contracts.ids import RegisterId, SaleId, Timestamp
from services.devices.printers.line_display import BLANK, rows_of
from services.devices.printers.settings import LineDisplaySettings
from services.devices.transactions import DevicesTx
from services.runtime.clock import read_stamp


def show_line(command: ShowLine, tx: DevicesTx) -> LineShown:
    """Show an item and the total so far on the display of the register that asks.

    Rejections:
        TokenMissing: nobody is signed on there.
        LineDisplayNotFound: no display is set up for it.
    """
    tx.signed_on()
    display = tx.settings.display_of(tx.caller)
    if display is None:
        raise LineDisplayNotFound(register=tx.caller)
    rows = rows_of(
        tx.words(command.language),
        command.total,
        command.currency,
        page=display.page,
        name=command.name,
        amount=command.amount,
    )
    tx.show_rows(display.device, rows)
    return LineShown(rows)


def show_total(event: SaleCompleted, tx: DevicesTx) -> None:
    """Show what was to pay and thanks, unless the sale is long over and the next shopper reads it."""
    display = _display_of_last_sale(event.register, event.sale_id, event.completed_at, tx)
    if display is None:
        return
    words = tx.words(tx.settings.language or event.language)
    total = event.total + event.rounding
    thanks = words.get("Thank you!")
    tx.show_rows(display.device, rows_of(words, total, event.currency, page=display.page, name=thanks))


def on_sale_voided(event: SaleVoided, tx: DevicesTx) -> None:
    """Nothing was sold: the display is blank for the next shopper, unless that one reads it already."""
    display = _display_of_last_sale(event.register, event.sale_id, event.voided_at, tx)
    if display is not None:
        tx.show_rows(display.device, BLANK)


def _display_of_last_sale(
    register: RegisterId, sale_id: SaleId, ended_at: Timestamp, tx: DevicesTx
) -> LineDisplaySettings | None:
    """The display that still belongs to whom a sale was with; None where there is none or another shopper reads it."""
    display = tx.settings.display_of(register)
    is_over = tx.now >= read_stamp(ended_at) + timedelta(seconds=tx.settings.drawer_lives_s)
    return None if is_over or tx.is_next_sale_open(register, sale_id) else display
