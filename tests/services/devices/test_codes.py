"""What a scanned code is."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.devices.scanning import Gs1Element
from services.devices.model.codes import pairing_code, read_code
from services.devices.settings import ScanRule

GS = "\x1d"
EAN = "4006381333931"
RULES = (
    ScanRule("customer_code", "C-"),
    ScanRule("receipt", pattern=r"till-[0-9]+-[0-9]{6}"),
    ScanRule("staff_badge", "C-0"),
    ScanRule("voucher", length=10, symbology="code39"),
    ScanRule("item", length=6),
    ScanRule("unknown", "http"),
)


@pytest.mark.parametrize(
    ("scanned", "text", "kind", "symbology"),
    [
        (EAN, EAN, "item", None),
        (f"]E0{EAN}", EAN, "item", "ean"),
        ("]C0A-1", "A-1", "item", "code128"),
        ("]Q3x", "x", "item", "qr"),
        ("]y0A-1", "A-1", "item", None),
        ("]E0", "]E0", "item", None),
        ("]A0C-77", "C-77", "customer_code", "code39"),
        ("C-077", "C-077", "customer_code", None),
        ("till-1-000123", "till-1-000123", "receipt", None),
        ("till-1-00123", "till-1-00123", "item", None),
        ("]A01234567890", "1234567890", "voucher", "code39"),
        ("]C01234567890", "1234567890", "item", "code128"),
        ("https://example.org/", "https://example.org/", "unknown", None),
    ],
)
def test_a_code_is_what_the_first_rule_that_fits_says(
    scanned: str, text: str, kind: str, symbology: str | None
) -> None:
    code = read_code(scanned, RULES)

    assert (code.text, code.kind, code.symbology) == (text, kind, symbology)


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (EAN, "none"),
        ("4006381333932", "check_digit_wrong"),
        ("]E04006381333932", "check_digit_wrong"),
        ("]E496385074", "none"),
        ("]E496385075", "check_digit_wrong"),
        ("]E0400638133393", "check_digit_wrong"),
        ("]E004252615", "check_digit_wrong"),
        ("]C04006381333932", "none"),
        ("$))^#*!###(#!", "wrong_layout"),
        ("]E0$))^#*!###(#!", "wrong_layout"),
        ("A" * 128, "none"),
        ("A" * 129, "no_item_code"),
        ("a b", "no_item_code"),
        ("grüße", "no_item_code"),
        ("€€€€€€", "none_of_ours"),
    ],
)
def test_what_can_be_no_item_is_told_as_unknown_and_why(text: str, doubt: str) -> None:
    expected = "wrong_layout" if doubt == "none_of_ours" else doubt

    code = read_code(text, ())

    assert code.doubt == expected
    assert code.kind == ("item" if expected == "none" else "unknown")


def test_a_rule_that_calls_digits_an_item_is_believed_over_their_check_digit() -> None:
    assert read_code("4006381333932", (ScanRule("item", length=13),)).doubt == "none"


def test_an_ean_with_an_add_on_is_the_item_of_the_ean() -> None:
    code = read_code(f"]E3{EAN}12345", ())

    assert (code.kind, code.item, code.text) == ("item", EAN, f"{EAN}12345")


@pytest.mark.parametrize(
    "scanned",
    [
        f"]C10104006381333931172701311012AB{GS}21S-9",
        f"]d20104006381333931172701311012AB{GS}21S-9",
        f"]Q30104006381333931172701311012AB{GS}21S-9",
        f"0104006381333931172701311012AB{GS}21S-9",
        f"{GS}0104006381333931172701311012AB{GS}21S-9",
    ],
)
def test_element_strings_are_told_apart_and_the_item_is_their_gtin(scanned: str) -> None:
    code = read_code(scanned, ())

    assert (code.kind, code.item) == ("item", EAN)
    assert code.elements == (
        Gs1Element("01", f"0{EAN}"),
        Gs1Element("17", "270131"),
        Gs1Element("10", "12AB"),
        Gs1Element("21", "S-9"),
    )


def test_a_gs1_digital_link_is_the_item_of_its_gtin() -> None:
    code = read_code("https://example.org/01/04006381333931/10/12AB", ())

    assert (code.kind, code.item) == ("item", EAN)
    assert Gs1Element("10", "12AB") in code.elements


@pytest.mark.parametrize(
    ("scanned", "item"),
    [
        ("]E004252614", "0042100005264"),
        ("]E014252602", "0142000005262"),
        ("]E004252635", "0042500000265"),
        ("]E004252641", "0042520000061"),
        ("]E004252658", "0042526000058"),
        ("]E004252696", "0042526000096"),
    ],
)
def test_a_upc_e_that_comes_as_it_is_printed_is_the_item_of_the_whole_upc(scanned: str, item: str) -> None:
    code = read_code(scanned, ())

    assert (code.kind, code.item) == ("item", item)


def test_a_right_number_of_eight_digits_that_is_no_upc_e_is_an_item() -> None:
    assert read_code("]E096385074", ()).item == "96385074"


@pytest.mark.parametrize("link", ["https://id.example/gtin/4006381333931/lot/12AB?17=270131&linkType=all"])
def test_a_link_that_names_its_parts_in_words_is_the_item_of_its_gtin(link: str) -> None:
    code = read_code(link, ())

    assert (code.kind, code.item) == ("item", EAN)
    assert [(each.ai, each.value) for each in code.elements] == [("01", f"0{EAN}"), ("10", "12AB"), ("17", "270131")]


@pytest.mark.parametrize("scanned", [f"01{EAN:0>14}", "0102000000000015"])
def test_an_item_number_alone_needs_no_identifier(scanned: str) -> None:
    """As DataBar has it, on fruit, from a scanner that sends no identifiers."""
    code = read_code(scanned, ())

    assert (code.kind, code.item) == ("item", scanned[3:])


def test_a_code_of_the_shops_own_that_looks_like_an_item_number_is_what_a_rule_says() -> None:
    number = f"01{EAN:0>14}"

    assert read_code("0104006381333932", ()).item == "0104006381333932"
    assert read_code(number, (ScanRule("item", length=16),)).item == number


@pytest.mark.parametrize(
    ("behind", "told"),
    [
        (f"1726133110AB{GS}21S9", [("10", "AB"), ("21", "S9")]),
        ("17261331", []),
        (f"1726{GS}10AB", [("10", "AB")]),
        ("17AB013110AB", [("10", "AB")]),
        (f"10{'X' * 21}{GS}21S9", [("21", "S9")]),
        (f"10A B{GS}21S9", [("21", "S9")]),
    ],
)
@pytest.mark.parametrize("identifier", ["", "]C1", "]d2"])
def test_an_item_is_one_whatever_else_its_symbol_says_wrongly(
    identifier: str, behind: str, told: list[tuple[str, str]]
) -> None:
    code = read_code(f"{identifier}01{EAN:0>14}{behind}", ())

    assert (code.kind, code.item) == ("item", EAN)
    assert [(each.ai, each.value) for each in code.elements] == [("01", f"0{EAN}"), *told]


@pytest.mark.parametrize("link", [f"https://id.example/01/{EAN}?17=261331", f"https://id.example/gtin/{EAN}/10/A%20B"])
def test_an_item_is_one_whatever_else_its_link_says_wrongly(link: str) -> None:
    code = read_code(link, ())

    assert (code.kind, code.item) == ("item", EAN)
    assert [each.ai for each in code.elements] == ["01"]


@pytest.mark.parametrize(
    "scanned",
    [
        "]C10104006381333932",
        "]C101040063813339321726133110A",
        "]e00104006381333932",
        f"0104006381333932{GS}10A",
        f"010400638133393217261331{GS}10A",
        "https://id.example/01/4006381333932",
    ],
)
def test_an_item_number_with_a_wrong_check_digit_is_said_to_be_misread(scanned: str) -> None:
    code = read_code(scanned, ())

    assert (code.kind, code.doubt) == ("unknown", "check_digit_wrong")
    assert all(element.ai != "01" for element in code.elements)


@pytest.mark.parametrize(
    "scanned",
    [
        f"]C1hello{GS}",
        f"a{GS}b",
        f"[)>\x1e06{GS}01{EAN:0>14}{GS}1P77",
        f"01{EAN:0>14}-77",
        "0104006381333932172701311012AB",
    ],
)
def test_what_is_no_element_string_says_nothing_and_is_no_other_item(scanned: str) -> None:
    code = read_code(scanned, ())

    assert code.elements == ()
    assert code.item == code.text


@pytest.mark.parametrize("measured", ["3103000758", f"310300075810A{GS}3922000499", "3932978000499"])
def test_what_has_a_weight_or_a_price_of_its_own_is_told_and_sold_as_no_piece(measured: str) -> None:
    code = read_code(f"]e00102000000000138{measured}", ())

    assert (code.kind, code.doubt) == ("unknown", "weighed")
    assert code.elements[0] == Gs1Element("01", "02000000000138")


def test_a_voucher_of_the_hub_is_one_without_a_rule_and_goes_to_no_item() -> None:
    assert read_code("7ZK3M-00ABC-XYZ12-34567", ()).kind == "voucher"
    assert read_code("7ZK3M-00ABC-XYZ12", ()).kind == "item"
    assert read_code("7ZK3M-00ABC-XYZ12-34567", (ScanRule("item", "7ZK"),)).kind == "item"


@pytest.mark.parametrize("link", ["https://[x/01/04006381333931", "http://a\u2100b/01/40063813"])
def test_a_link_that_is_no_address_is_a_code_like_another(link: str) -> None:
    assert read_code(link, ()).elements == ()


@given(st.from_regex(r"https?://[^\s]+/(01|gtin)/[0-9]{8,14}([/?].*)?", fullmatch=True))
def test_no_link_whatever_breaks_it(link: str) -> None:
    assert read_code(link, RULES).kind in {"item", "unknown"}


def test_a_link_in_capitals_is_read() -> None:
    assert read_code("HTTPS://ID.EXAMPLE.ORG/01/04006381333931", ()).item == EAN


def test_a_pattern_that_would_look_for_hours_fits_nothing_and_is_named_by_its_place() -> None:
    endless = ScanRule("customer_code", pattern=r"(1|11)+[XY]")
    badge = ScanRule("staff_badge", "1")

    given_up = read_code("1" * 40, (endless,))
    next_one = read_code("1" * 40, (ScanRule("receipt", "R-"), endless, badge))
    in_time = read_code("111X", (endless, badge))

    assert (given_up.kind, given_up.slow_rules) == ("item", (0,))
    assert (next_one.kind, next_one.slow_rules) == ("staff_badge", (1,))
    assert (in_time.kind, in_time.slow_rules) == ("customer_code", ())


@given(st.uuids().map(str))
@example("00000000-0000-7000-8000-000000000000")
def test_a_pairing_code_is_one_in_any_case_and_whatever_the_rules_say(seed: str) -> None:
    code = pairing_code(seed)

    for scanned in (code, code.lower(), f"]Q1{code}", code.swapcase()):
        read = read_code(scanned, (ScanRule("customer_code", "T"), ScanRule("item", "t")))
        assert (read.kind, read.text) == ("pairing", code)


@given(st.text(min_size=1, max_size=512))
@example("]C1" + GS * 500)
@example("01" + "0" * 510)
@example("]E0" + "٣" * 13)
@example("01" + "04006381333931" + "17" * 250)
@example("https://x/01/04006381333931/10/%FF?01=\u0663&3103=1")
def test_no_text_whatever_breaks_it(text: str) -> None:
    code = read_code(text, RULES)

    assert code.kind == "pairing" or text.endswith(code.text)
    assert code.kind != "item" or code.item
