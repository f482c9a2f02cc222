"""Rows of a receipt as the bytes of a print job for an ESC/POS printer. Never here: a socket, a receipt's words.

python-escpos is imported when the first job is made, and not with the service: it costs
0.3 s (1.4 s on a small ARM board) and 7 MB, which a shop without a printer need not pay.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from services.devices.receipt import CODE_PAGE, QrCode, Row

QR_DOT_SIZE = 6


def keep_capabilities_in(folder: Path) -> None:
    """Have python-escpos keep its table of printers in a private folder of ours.

    It reads that table with pickle, so the folder must not be one that others can write to; by
    default it would be a new temporary folder in every process. Call before the first job.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["ESCPOS_CAPABILITIES_PICKLE_DIR"] = str(folder)


def job_bytes(rows: Iterable[Row | QrCode]) -> bytes:
    """Make the bytes of one job: reset, code page, rows, feed and cut.

    Slow (see above): call it in a thread. The code page is chosen anew after the reset, which
    the printer forgets it by and python-escpos does not.
    """
    from escpos.printer import Dummy  # noqa: PLC0415 - see the module's docstring

    job = Dummy()
    job.hw("INIT")
    job.magic.encoding = None
    job.charcode(CODE_PAGE.upper())
    for row in rows:
        if isinstance(row, QrCode):
            job.set(align="center")
            job.qr(row.content, native=True, size=QR_DOT_SIZE)
        else:
            job.set(align="center" if row.centred else "left", normal_textsize=True, double_height=row.tall)
            job.set(bold=row.bold)
            job.text(row.text + "\n")
    job.cut()
    return bytes(job.output)
