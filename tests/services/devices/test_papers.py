"""What a receipt looks like on paper, dot by dot, and that a barcode reader reads it.

The pictures beside this file were looked at by a person. One that is missing is drawn anew, and its test fails
until somebody has looked at it and keeps it.
"""

import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from contracts.ids import DeviceId, ReceiptNumber
from services.devices.printers.escpos import Tokenizer
from services.devices.printers.job_bytes import job_bytes
from services.devices.printers.logo import logo_bands
from services.devices.printers.settings import PrinterSettings
from services.devices.receipt import LOCALE, lay_out
from services.devices.trial_page import lay_out_test
from services.hub.escpos_paper import Paper, PaperFeed
from services.runtime.texts import Texts
from tests.services.devices.receipts import receipt

PAPERS = Path(__file__).parent / "papers"
TEXTS = Texts(LOCALE)
FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf")
needs_font = pytest.mark.skipif(not FONT.exists(), reason="NO PAPER WAS DRAWN: apt-get install fonts-dejavu-core")
needs_zbar = pytest.mark.skipif(not shutil.which("zbarimg"), reason="NO CODE WAS READ: apt-get install zbar-tools")


def printer(**how: object) -> PrinterSettings:
    return PrinterSettings(device=DeviceId("printer-1"), registers=(), folder="nowhere", **how)  # type: ignore[arg-type]


def paper_of(job: bytes, columns: int) -> Paper:
    """What a printer makes of a job; what it does not know is an error."""
    feed, tokenizer = PaperFeed(columns), Tokenizer()
    (paper,) = filter(None, [feed.take(token) for token in tokenizer.feed(job)])
    assert tokenizer.unfinished == b""
    return paper


def a_logo(folder: Path) -> str:
    """A teacup, more or less."""
    picture = Image.new("L", (160, 90), 255)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((30, 20, 110, 70), fill=0)
    pen.rectangle((110, 30, 130, 50), outline=0, width=6)
    pen.rectangle((20, 74, 140, 80), fill=128)
    picture.save(folder / "logo.png")
    return str(folder / "logo.png")


@needs_font
@pytest.mark.parametrize(
    ("language", "country", "width_mm"), [("en", "IE", 80), ("de", "DE", 58), ("nl", "NL", 80), ("fi", "FI", 58)]
)
def test_a_receipt_looks_as_somebody_saw_it(tmp_path: Path, language: str, country: str, width_mm: int) -> None:
    of = printer(width_mm=width_mm, qr=True, barcode=True)
    rows = lay_out(receipt(language, country), TEXTS, columns=of.columns, qr=True, barcode=True, copy=language == "nl")

    paper = paper_of(job_bytes(rows, of, logo=logo_bands(a_logo(tmp_path), of.dots_wide)), of.columns)

    kept = PAPERS / f"receipt-{language}.png"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(paper.png)
        pytest.fail(f"{kept} is new: look at it, and keep it if it is right")
    with Image.open(kept) as before, Image.open(BytesIO(paper.png)) as now:
        assert before.size == now.size
        assert ImageChops.difference(before.convert("L"), now.convert("L")).getbbox() is None


@needs_zbar
@pytest.mark.parametrize("width_mm", [58, 80])
def test_a_reader_reads_barcode_and_qr_code_from_the_paper(tmp_path: Path, width_mm: int) -> None:
    of = printer(width_mm=width_mm, qr=True, barcode=True)
    paper = paper_of(job_bytes(lay_out(receipt(), TEXTS, columns=of.columns, qr=True, barcode=True), of), of.columns)

    assert codes_on(paper, tmp_path) == {"QR-Code:till-1-000123", "CODE-128:till-1-000123"}


@needs_zbar
def test_a_number_too_long_for_a_barcode_on_this_paper_becomes_a_qr_code(tmp_path: Path) -> None:
    of = printer(width_mm=58, barcode=True)
    long = receipt(receipt_number=ReceiptNumber("workshop-and-returns-2-000123"))

    paper = paper_of(job_bytes(lay_out(long, TEXTS, columns=of.columns, barcode=True), of), of.columns)

    assert codes_on(paper, tmp_path) == {"QR-Code:workshop-and-returns-2-000123"}


@needs_zbar
def test_a_reader_reads_the_codes_of_a_test_page(tmp_path: Path) -> None:
    paper = paper_of(job_bytes(lay_out_test(printer(), TEXTS, "fi"), printer()), 48)

    assert codes_on(paper, tmp_path) == {"QR-Code:printer-1", "CODE-128:printer-1"}


def codes_on(paper: Paper, folder: Path) -> set[str]:
    (folder / "paper.png").write_bytes(paper.png)
    read = subprocess.run(["zbarimg", "--quiet", str(folder / "paper.png")], capture_output=True, text=True, check=True)
    return set(read.stdout.split())
