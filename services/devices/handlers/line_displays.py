"""Customer line displays: what two rows say of a sale. Nothing of it is kept."""

from datetime import timedelta

from contracts.checkout.completed import SaleCompleted
from contracts.devices import LineDisplayNotFound, LineShown, ShowLine
from services.devices.printers.line_display import rows_of
from services.devices.transactions import DevicesTx
from services.runtime.clock import read_stamp


def show_line(command: ShowLine, tx: DevicesTx) -> LineShown:
    """Show an item and the total so far on a register's display.

    Rejections:
        LineDisplayNotFound: no display is set up for that register.
    """
    display = tx.settings.display_of(command.register)
    if display is None:
        raise LineDisplayNotFound(register=command.register)
    rows = rows_of(
        tx.words(command.language),
        command.total,
        command.currency,
        page=display.code_page,
        name=command.name,
        amount=command.amount,
    )
    tx.show_rows(display.device, rows)
    return LineShown(rows)


def show_total(event: SaleCompleted, tx: DevicesTx) -> None:
    """Show what was to pay and thanks, unless the sale is long over and the next shopper reads it."""
    display = tx.settings.display_of(event.register)
    if display is None or tx.now >= read_stamp(event.completed_at) + timedelta(seconds=tx.settings.drawer_lives_s):
        return
    words = tx.words(tx.settings.language or event.language)
    total = event.total + event.rounding
    thanks = words.get("Thank you!")
    tx.show_rows(display.device, rows_of(words, total, event.currency, page=display.code_page, name=thanks))
