"""How devices is put together: its routes, whom it follows, what it retains, and its workers."""

from pathlib import Path

from contracts.checkout.completed import SaleCompleted
from contracts.checkout.selling import SaleVoided
from contracts.devices import ListDevices, ShowLine
from contracts.devices.printing import (
    DecidePrintJob,
    FindPrintJobs,
    GetPrintJob,
    ListUnknownPrintJobs,
    OpenDrawer,
    PrintReceipt,
    PrintTest,
)
from contracts.devices.scanning import InjectScan, MakePairingCode, PairScanner
from contracts.staff.signing_on import SessionEnded, SessionStarted
from services.devices.assigned import Assigned
from services.devices.handlers import conditions, line_displays, pairings, print_jobs, scans, sessions
from services.devices.printing import PrinterWorker, prepare_printing
from services.devices.receipt import LOCALE
from services.devices.registers_served import RegisterCheck
from services.devices.sales_shown import SalesShown
from services.devices.scanning import MakeReader, ScannerWorker, read_devices
from services.devices.settings import DevicesSettings
from services.devices.showing import DisplayWorker
from services.devices.slow_rules import SlowRules
from services.devices.transactions import Beside, DevicesTx, DevicesView, Showing, Troubles, VoidedScans, Waiting
from services.runtime.log import Log
from services.runtime.service import Follow, Service, command, query
from services.runtime.texts import Texts


def devices(settings: DevicesSettings, make_reader: MakeReader = read_devices) -> Service[DevicesTx, DevicesView]:
    """Put the devices service together; nothing runs from here. ``make_reader`` is what reads the scanners."""
    assigned = Assigned(settings)
    slow_rules = SlowRules(settings.scan_rules, Log("devices"))
    beside = Beside(
        Waiting(settings), Showing(settings), Texts(LOCALE), assigned, Troubles(), slow_rules, VoidedScans()
    )
    printers = tuple(
        PrinterWorker(printer, settings, beside.waiting, beside.texts).run for printer in settings.printers
    )
    displays = tuple(DisplayWorker(display, settings, beside.showing).run for display in settings.line_displays)

    return Service(
        name="devices",
        migrations=Path(__file__).parent / "migrations",
        transaction=lambda scope, around, request: DevicesTx(scope, around, request, settings, beside),
        view=lambda around, request: DevicesView(around, request, settings, beside),
        routes=(
            command(PrintReceipt, print_jobs.print_receipt, prepare=print_jobs.prepare_print_receipt),
            command(DecidePrintJob, print_jobs.decide_print_job),
            command(OpenDrawer, print_jobs.open_drawer),
            command(PrintTest, print_jobs.print_test),
            command(ShowLine, line_displays.show_line),
            query(GetPrintJob, print_jobs.get_print_job),
            query(ListUnknownPrintJobs, print_jobs.list_unknown_print_jobs),
            query(FindPrintJobs, print_jobs.find_print_jobs),
            command(InjectScan, scans.inject_scan, prepare=scans.prepare_inject_scan),
            query(ListDevices, conditions.list_devices),
            command(
                MakePairingCode,
                pairings.make_pairing_code,
                prepare=pairings.prepare_make_pairing_code,
                rebuild=pairings.pairing_code_again,
            ),
            command(PairScanner, pairings.pair_scanner, prepare=pairings.prepare_pair_scanner),
        ),
        follows=(
            Follow(
                "checkout",
                "printing",
                "reaction",
                on={SaleCompleted: print_jobs.on_sale_completed, SaleVoided: line_displays.on_sale_voided},
            ),
            Follow(
                "staff",
                "sessions",
                "reaction",
                on={SessionStarted: sessions.on_session_started, SessionEnded: sessions.on_session_ended},
            ),
        ),
        shown=conditions.shown,
        workers=(
            prepare_printing,
            *printers,
            *displays,
            ScannerWorker(settings, assigned, make_reader).run,
            RegisterCheck(settings, assigned).run,
        ),
        watches=SalesShown(settings, beside).watches(),
        start=conditions.start,
    )
