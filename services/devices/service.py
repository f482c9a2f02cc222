"""How devices is put together: its routes, whom it follows, what it retains, and its workers."""

from pathlib import Path

from contracts.checkout import SaleCompleted
from contracts.devices import FindPrintJobs, GetPrintJob, InjectScan, PrintReceipt
from contracts.staff import SessionEnded, SessionStarted
from services.devices import handlers
from services.devices.printer_bytes import keep_capabilities_in
from services.devices.printing import DevicesContext, PrinterWorker
from services.devices.receipt import LOCALE
from services.devices.scanning import MakeReader, ScannerWorker, read_devices
from services.devices.settings import DevicesSettings
from services.devices.transactions import DevicesTx, DevicesView, Waiting
from services.runtime.service import Follow, Service, command, query
from services.runtime.texts import Texts


def devices(settings: DevicesSettings, make_reader: MakeReader = read_devices) -> Service[DevicesTx, DevicesView]:
    """Put the devices service together; nothing runs from here. ``make_reader`` is what reads the scanners."""
    waiting = Waiting(settings)
    texts = Texts(LOCALE)
    printers = tuple(PrinterWorker(printer, settings, waiting, texts).run for printer in settings.printers)

    async def prepare_printing(context: DevicesContext) -> None:
        """Have python-escpos keep its cache with the hub's own data."""
        keep_capabilities_in(context.data / "cache" / "escpos")

    return Service(
        name="devices",
        migrations=Path(__file__).parent / "migrations",
        transaction=lambda scope, around, request: DevicesTx(scope, around, request, settings, waiting),
        view=lambda around, request: DevicesView(around, request, settings),
        routes=(
            command(PrintReceipt, handlers.print_receipt),
            query(GetPrintJob, handlers.get_print_job),
            query(FindPrintJobs, handlers.find_print_jobs),
            command(InjectScan, handlers.inject_scan, prepare=handlers.prepare_inject_scan),
        ),
        follows=(
            Follow("checkout", "printing", "reaction", on={SaleCompleted: handlers.on_sale_completed}),
            Follow(
                "staff",
                "sessions",
                "reaction",
                on={SessionStarted: handlers.on_session_started, SessionEnded: handlers.on_session_ended},
            ),
        ),
        shown=handlers.shown,
        workers=(prepare_printing, *printers, ScannerWorker(settings, make_reader).run),
        start=handlers.start,
    )
