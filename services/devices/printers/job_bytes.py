"""Rows of a receipt as the bytes of a print job for an ESC/POS printer. Never here: a socket, a receipt's words.

python-escpos is imported when the first job is made, and not with the service: it costs
0.3 s (1.4 s on a small ARM board) and 7 MB, which a shop without a printer need not pay.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from contracts.ids import DeviceId
from services.devices.printers.escpos import check_job
from services.devices.printers.settings import PrinterSettings
from services.devices.receipt import Barcode, Printed, QrCode

QR_DOT_SIZE = 6
_PLAIN = PrinterSettings(device=DeviceId("printer"), registers=(), folder="nowhere")
_CHOOSE_PAGE, _CENTRE = b"\x1bt", b"\x1ba\x01"
_KANJI_OFF = b"\x1c."
_ROWS_TO_TEAR_OFF = 4
_DRAWER_PINS = {2: 0, 5: 1}
_PULSE_ON, _PULSE_OFF = 25, 250  # of 2 ms each
# Code 128: a start, a check symbol and a stop of 35 modules in all, and 11 for each character of code set B
# (ISO/IEC 15417). What must stay white beside them is the edge of the paper, where no printer prints.
_MODULES_AROUND, _MODULES_EACH = 35, 11
_NARROWEST, _BARCODE_HIGH = 2, 80


def keep_capabilities_in(folder: Path) -> None:
    """Have python-escpos keep its table of printers in a private folder of ours.

    It reads that table with pickle, so the folder must not be one that others can write to; by
    default it would be a new temporary folder in every process. Call before the first job.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["ESCPOS_CAPABILITIES_PICKLE_DIR"] = str(folder)


def job_bytes(rows: Iterable[Printed], printer: PrinterSettings = _PLAIN, *, logo: Sequence[bytes] = ()) -> bytes:
    """Make the bytes of one job: reset, code page, logo, rows, feed and cut.

    Slow (see above): call it in a thread. The code page is chosen anew in every job, for a reset makes
    the printer forget it; so is that no Chinese is meant, since what stands for two of its signs there is "ä €".

    Raises:
        NotEscPos: the bytes say something that no job of ours may.
    """
    job = _job(printer.profile)
    job.hw("INIT")
    if printer.kanji_off:
        _raw(job, _KANJI_OFF)
    _raw(job, _CHOOSE_PAGE + bytes([printer.page_number]))
    for band in logo:
        _raw(job, _CENTRE + band)
    for row in _that_fit(rows, printer):
        _put(job, row, printer)
    if printer.cuts:
        job.cut()
    else:
        job.print_and_feed(_ROWS_TO_TEAR_OFF)
    data = bytes(job.output)
    check_job(data, opens_drawer=False)
    return data


def drawer_bytes(pin: int) -> bytes:
    """The bytes that open a cash drawer: a pulse of 50 ms on that pin of the printer's drawer socket, and no paper."""
    data = b"\x1bp" + bytes([_DRAWER_PINS[pin], _PULSE_ON, _PULSE_OFF])
    check_job(data, opens_drawer=True)
    return data


def drawer_bytes_at_once(pin: int) -> bytes:
    """The same as a command that a printer obeys at once, without paper too: a pulse of 100 ms (DLE DC4)."""
    return b"\x10\x14\x01" + bytes([_DRAWER_PINS[pin], 1])


def _job(profile: str) -> Any:
    from escpos.printer import Dummy  # noqa: PLC0415 - see the module's docstring

    return Dummy(profile=profile)


def _raw(job: Any, data: bytes) -> None:
    """Put bytes into a job that python-escpos has no words for, or others."""
    job._raw(data)  # noqa: SLF001 - its own drivers are written with it


def _put(job: Any, row: Printed, printer: PrinterSettings) -> None:
    match row:
        case QrCode(content):
            job.set(align="center")
            job.qr(content, native=True, size=QR_DOT_SIZE)
        case Barcode(content):
            code = b"{B" + content.encode("ascii")
            _raw(job, _CENTRE + b"\x1dh" + bytes([_BARCODE_HIGH]) + b"\x1dw" + bytes([_NARROWEST]) + b"\x1dH\x02")
            _raw(job, b"\x1dk\x49" + bytes([len(code)]) + code)
        case _:
            job.set(align="center" if row.centred else "left", normal_textsize=True, double_height=row.tall)
            job.set(bold=row.bold)
            # Its own encoder changes the code page in mid text, to pages that many printers lack.
            _raw(job, row.text.encode(printer.code_page, errors="replace") + b"\n")


def _that_fit(rows: Iterable[Printed], printer: PrinterSettings) -> Iterator[Printed]:
    """The rows; a barcode too wide for the paper is a QR code instead, unless there is one that says the same."""
    rows = list(rows)
    for row in rows:
        if not isinstance(row, Barcode) or _fits(row, printer):
            yield row
        elif QrCode(row.content) not in rows:
            yield QrCode(row.content)


def _fits(barcode: Barcode, printer: PrinterSettings) -> bool:
    """Whether a reader can read it on this paper: a barcode that is cut off is none, and a finer one is a blur."""
    modules = _MODULES_AROUND + _MODULES_EACH * len(barcode.content)
    return barcode.content.isascii() and modules * _NARROWEST <= printer.dots_wide
