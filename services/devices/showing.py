"""The worker of one line display: shows what it is told, and says how the display is.

Such displays answer nothing, so that one is ready when it can be opened and takes what it is sent.
"""

from contracts.devices import FaultReason
from services.devices.handlers import conditions
from services.devices.printers.attempts import why_not_opened
from services.devices.printers.line_display import BLANK, display_bytes
from services.devices.printers.links import LinkLost, way_to
from services.devices.printers.settings import LineDisplaySettings
from services.devices.settings import DevicesSettings
from services.devices.transactions import DevicesTx, DevicesView, Rows, Showing
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault

DevicesContext = Context[DevicesTx, DevicesView]


class DisplayWorker:
    """Shows the newest rows on one display; what came between two showings is never seen."""

    def __init__(self, display: LineDisplaySettings, settings: DevicesSettings, showing: Showing) -> None:
        self._display = display
        self._settings = settings
        self._showing = showing
        self._open_link = way_to(display, send_s=settings.send_s)

    async def run(self, context: DevicesContext) -> None:
        """Show for ever; now and then all of it again, for a display that was without power."""
        while True:
            reason = await self._show(self._showing.now(self._display.device) or BLANK)
            try:
                await context.write(lambda tx, reason=reason: self._tell(tx, reason))  # type: ignore[misc]
            except DatabaseFault as fault:
                context.log.warning("display-not-told", display=self._display.device, reason=str(fault))
            within_s = self._settings.look_every_s if reason == "none" else self._settings.retry_s
            await self._showing.changed(self._display.device, within_s=within_s)

    async def _show(self, rows: Rows) -> FaultReason:
        try:
            with await self._open_link(self._settings.connect_s) as link:
                await link.send(display_bytes(rows, self._display), patience_s=self._settings.answer_s)
                await link.taken(patience_s=self._settings.answer_s)
        except OSError as error:
            return why_not_opened(error) if not isinstance(error, TimeoutError) else "stalled"
        except LinkLost:
            return "offline"
        return "none"

    def _tell(self, tx: DevicesTx, reason: FaultReason) -> None:
        states: dict[FaultReason, conditions.Condition] = {"none": "ready", "not_connected": "absent"}
        conditions.device_is(tx, self._display.device, states.get(reason, "fault"), reason)
