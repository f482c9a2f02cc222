"""Which register a scanner belongs to: a code to print and lay by the register, or the assignment itself."""

import io
import sys
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from contracts.devices.scanning import MakePairingCode, PairScanner
from services.hub.terminal import CommandRefused, DataFolder, as_hub, data_folder, fitting, print_plain

MODULE_MM: Final = 0.4
HEIGHT_MM: Final = 18.0


async def pair_devices(
    register: Annotated[str, Parameter(help="The register.")],
    /,
    *,
    scanner: Annotated[
        str | None, Parameter(help="Assign this scanner of the settings at once, without a code to read.")
    ] = None,
    anew: Annotated[bool, Parameter(negative="", help="Make a new code; the one before pairs no more.")] = False,
    svg: Annotated[Path | None, Parameter(help="Write the code as a barcode for every scanner to this file.")] = None,
    data: DataFolder = None,
) -> None:
    """Show the code that assigns whatever scanner reads it to a register; keep it where only staff are."""
    async with as_hub(data_folder(data)) as (_, client):
        if scanner is not None:
            if anew or svg is not None:
                raise CommandRefused("--scanner assigns without a code; leave --anew and --svg out")
            paired = await client.ask(fitting({"device": scanner, "register": register}, PairScanner))
            print_plain(f"{paired.device} belongs to {paired.register}")
            return
        made = await client.ask(fitting({"register": register, "anew": anew}, MakePairingCode))
    if svg is None:
        sys.stdout.write(as_squares(made.code))
    else:
        try:
            svg.write_bytes(as_bars(made.code, f"{register}: {made.code}"))
        except OSError as error:
            raise CommandRefused(f"{svg} cannot be written: {error.strerror}") from error
    print_plain(f"{register}: {made.code}")
    print_plain("whatever scanner of the settings reads this belongs to that register from then on")


async def unpair_devices(
    scanner: Annotated[str, Parameter(help="The scanner, as the settings call it.")], /, *, data: DataFolder = None
) -> None:
    """Let a scanner belong to the register that the settings say, as if it had never been paired."""
    async with as_hub(data_folder(data)) as (_, client):
        back = await client.ask(fitting({"device": scanner, "register": None}, PairScanner))
    whose = f"belongs to {back.register}" if back.register is not None else "belongs to no register"
    print_plain(f"{back.device} {whose}, as the settings say")


def as_squares(code: str) -> str:
    """The code as a QR code on the terminal, for scanners that read these."""
    import qrcode  # noqa: PLC0415 - the one command that draws

    drawn = qrcode.QRCode(border=2)
    drawn.add_data(code)
    out = io.StringIO()
    drawn.print_ascii(out, invert=True)
    return out.getvalue()


def as_bars(code: str, below: str) -> bytes:
    """The code as Code 128 in an SVG picture, for scanners that read nothing but bars."""
    from barcode import Code128  # noqa: PLC0415 - the one command that draws

    out = io.BytesIO()
    options = {"module_width": MODULE_MM, "module_height": HEIGHT_MM}
    Code128(code).write(out, options=options, text=below)
    return out.getvalue()
