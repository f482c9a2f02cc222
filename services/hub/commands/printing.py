"""``printer``: a receipt printer without hardware, for a developer's desk."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from services.devices.printers.escpos import NotEscPos
from services.hub.terminal import CommandRefused, console, print_plain
from services.hub.virtual_printer import Fault, VirtualPrinter


async def printer(  # noqa: PLR0913 - the arguments of one command
    *,
    port: Annotated[int, Parameter(help="Where it listens; 0 takes a free port.")] = 9100,
    columns: Annotated[int, Parameter(help="Characters in a row: 48 on 80 mm paper, 32 on 58 mm.")] = 48,
    png: Annotated[Path | None, Parameter(help="A directory to keep a picture of each paper in.")] = None,
    paper_out: Annotated[bool, Parameter(negative="", help="Have no paper.")] = False,
    silent: Annotated[bool, Parameter(negative="", help="Read everything and never answer.")] = False,
    stall: Annotated[bool, Parameter(negative="", help="Take no more once a job has begun.")] = False,
) -> None:
    """Be an ESC/POS network printer and show each receipt as text, until Ctrl+C."""
    choices: tuple[tuple[Fault, bool], ...] = (("paper_out", paper_out), ("silent", silent), ("stall", stall))
    faults = [fault for fault, wanted in choices if wanted]
    if len(faults) > 1:
        raise CommandRefused("a printer has one fault at a time; choose one")
    out = console()
    try:
        async with VirtualPrinter(port, columns=columns, fault=faults[0] if faults else None, png_folder=png) as made:
            print_plain(f"printing on 127.0.0.1 port {made.port}{f', {faults[0]}' if faults else ''}")
            while True:
                try:
                    paper = await made.next_paper()
                except NotEscPos as error:
                    print_plain(f"nothing to print: {error}")
                    continue
                out.rule()
                print_plain(paper.text)
                if paper.drawer_opened:
                    print_plain("(the cash drawer opened)")
    except OSError as error:
        raise CommandRefused(f"port {port} cannot be listened on: {error.strerror}; choose another") from error
