"""Line displays show what becomes of their register's open sale.

What a register is shown of its sale is read along, as checkout publishes it anyway: nobody asks or is asked for it, no
sale waits for it, and without a display nothing is read. Only the newest state counts.
"""

from functools import partial

from contracts.checkout import RegisterSale
from services.devices.model.shown_sales import step
from services.devices.printers.line_display import BLANK, Words, rows_of
from services.devices.printers.settings import LineDisplaySettings
from services.devices.receipt import PAYMENT
from services.devices.settings import DevicesSettings
from services.devices.transactions import Beside
from services.runtime.service import Watch


class SalesShown:
    """Turns the states of open sales into rows."""

    def __init__(self, settings: DevicesSettings, beside: Beside) -> None:
        self._settings = settings
        self._beside = beside

    def watches(self) -> tuple[Watch, ...]:
        """The sales that are read along: those of registers with a display."""
        return tuple(
            Watch(RegisterSale, display.register, partial(self._seen, display))
            for display in self._settings.line_displays
        )

    def _seen(self, display: LineDisplaySettings, state: RegisterSale) -> None:
        """Show what happened; a sale that ended is told by checkout's journal."""
        showing = self._beside.showing
        before = showing.sale_at(display.register)
        showing.sale_is(display.register, state.sale)
        if state.sale is None:
            return
        is_new = before is None or before.sale_id != state.sale.sale_id
        said = step(before, state.sale)
        if said is not None:
            words = Words(self._beside.texts, self._settings.language or state.language)
            page, currency = display.page, state.sale.currency
            name = words.get(PAYMENT) if said.is_payment else said.name
            rows = rows_of(words, said.total, currency, page=page, name=name, amount=said.amount)
            showing.show(display.device, rows)
        elif is_new:
            showing.show(display.device, BLANK)
