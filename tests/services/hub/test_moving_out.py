"""Customers on their way into files: every column that anybody needs, and the money of the store."""

import csv
import json
import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contracts.customers import Customer, GroupId
from contracts.customers.ledgers.accounts import AccountTerms
from contracts.customers.profile import Address, Balances, FieldId
from contracts.ids import CurrencyCode, CustomerId
from services.hub.commands.customers.money import store_currency
from services.hub.commands.customers.moving_out import Waiting, put_in_files, put_pages
from services.hub.persons import Who
from services.hub.report_files import Outputs
from services.hub.running_hub import RunningHub, announce, held
from services.hub.terminal import CommandRefused

JPY = CurrencyCode("JPY")
GROUPS = {GroupId("all"): "All customers"}
ANNA = Customer(
    CustomerId("0190a000-0000-7000-8000-000000000001"),
    1,
    first_name="Anna",
    custom={FieldId("size"): "M"},
    balances=Balances(500, 0, 0, 7),
)
KIM = Customer(
    CustomerId("0190a000-0000-7000-8000-000000000002"),
    1,
    first_name="Kim",
    notes="two\nlines",
    addresses=(Address(city="Turku"), Address(city="Oulu")),
    custom={FieldId("visits"): 3},
)


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    with closing(Waiting()) as customers:
        customers.add([ANNA])
        customers.add([KIM])
        yield customers


def test_a_file_has_the_columns_that_anybody_needs_and_money_of_the_store(tmp_path: Path, waiting: Waiting) -> None:
    put_in_files(waiting, GROUPS, JPY, Outputs(csv=str(tmp_path / "all.csv")))

    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as lines:
        anna, kim = csv.DictReader(lines)
    assert (anna["store_credit"], anna["currency"], anna["loyalty_points"]) == ("500", "JPY", "7")
    assert (anna["custom.size"], anna["custom.visits"], anna["address_2_city"]) == ("M", "", "")
    assert (kim["custom.visits"], kim["address_2_city"], kim["notes"], kim["currency"]) == (
        "3",
        "Oulu",
        "two\nlines",
        "",
    )


def test_all_customers_as_json_are_one_answer(waiting: Waiting, capsys: pytest.CaptureFixture[str]) -> None:
    put_in_files(waiting, GROUPS, JPY, Outputs(as_json=True))

    told = json.loads(capsys.readouterr().out)
    assert ([each["first_name"] for each in told["customers"]], told["next"]) == (["Anna", "Kim"], None)


def test_the_terms_of_an_account_stand_with_whose_they_are(tmp_path: Path) -> None:
    with closing(Waiting()) as customers:
        customers.add([ANNA, KIM], [AccountTerms(KIM.customer_id, 2, None, 14)])
        put_in_files(customers, {}, CurrencyCode("EUR"), Outputs(csv=str(tmp_path / "all.csv")))

    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    told = [(each["account_limit"], each["account_grace_days"], each["account_revision"]) for each in rows]
    assert told == [("", "", ""), ("unlimited", "14", "2")]


def test_a_long_copy_is_several_whole_pages_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_pages(tmp_path / "copy.html", ["<html>1</html>", "<html>2</html>"])

    files = {file.name: (file.read_text(), stat.S_IMODE(file.stat().st_mode)) for file in tmp_path.iterdir()}
    assert files == {"copy.html": ("<html>1</html>", 0o600), "copy-2.html": ("<html>2</html>", 0o600)}
    assert "copy-2.html" in capsys.readouterr().err


def test_the_currency_is_that_of_the_hub_and_no_other_is_taken_for_it(tmp_path: Path) -> None:
    who = Who(data=tmp_path)
    with held(tmp_path):
        announce(tmp_path, RunningHub(os.getpid(), "127.0.0.1", 1, "shop", JPY))

        assert (store_currency(who), store_currency(who, "JPY")) == ("JPY", "JPY")
        with pytest.raises(CommandRefused, match="are in JPY"):
            store_currency(who, "EUR")
