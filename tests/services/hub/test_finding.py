"""Whoever is found stands readable on a terminal of any width, with an id that can be copied."""

import io

import pytest
from rich.console import Console

from contracts.customers import Customer
from contracts.customers.asking import CustomerHit, CustomerHits
from contracts.ids import CustomerId
from services.hub.commands.customers.finding import show_hits

ID = "0190a000-0000-7000-8000-000000000001"
PETRA = Customer(
    CustomerId(ID),
    1,
    first_name="Petra-Annegret",
    last_name="Punktmann-Schneider",
    company="Punkt und Söhne GmbH",
    emails=("petra.punktmann@example.com",),
    phones=("+491701234567",),
    codes=("PP-1234-5678",),
)
DETAILS = (
    "Petra-Annegret Punktmann-Schneider",
    "petra.punktmann@example.com",
    "+491701234567",
    "PP-1234-5678",
    "last_name",
    ID,
)


def shown(width: int, *customers: Customer, terminal: bool = True) -> list[str]:
    out = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    show_hits(out, CustomerHits(tuple(CustomerHit(each, "last_name") for each in customers)))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120, 250])
def test_no_detail_of_who_is_found_is_cut_or_folded(width: int) -> None:
    lines = shown(width, PETRA)

    assert max(map(len, lines)) <= width
    for detail in DETAILS:
        assert [line for line in lines if detail in line], detail


def test_on_a_narrow_terminal_the_id_stands_on_a_line_of_its_own() -> None:
    assert [line.strip() for line in shown(80, PETRA, PETRA)].count(ID) == 2


@pytest.mark.parametrize(("width", "terminal"), [(250, True), (80, False)])
def test_a_wide_terminal_and_a_pipe_have_one_line_for_each(width: int, terminal: bool) -> None:
    [line] = [line for line in shown(width, PETRA, terminal=terminal) if ID in line]

    assert all(detail in line for detail in DETAILS)


def test_nothing_that_a_terminal_obeys_comes_out_of_a_name() -> None:
    assert not [line for line in shown(80, Customer(CustomerId(ID), 1, last_name="\x1b[31mred")) if "\x1b" in line]
