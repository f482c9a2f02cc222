"""Before somebody is erased it is asked by name and balances; afterwards it is told what is still waited for."""

import pytest

from contracts.customers import Customer
from contracts.customers.privacy.erasing import Erasure, ErasureId, ErasureWaitsFor, ServiceErasure
from contracts.customers.profile import Balances
from contracts.ids import CurrencyCode, CustomerId
from services.hub.commands.customers.forgetting import question, told

ID = CustomerId("0190a000-0000-7000-8000-000000000001")
EUR, YEN = CurrencyCode("EUR"), CurrencyCode("JPY")
ERASED_AT = "2026-11-26T10:15:00.000000Z"


def petra(balances: Balances) -> Customer:
    return Customer(ID, 1, first_name="Petra", last_name="Punkt", codes=("PP-1",), balances=balances)


def an_erasure(*services: ServiceErasure) -> Erasure:
    done = all(each.acknowledged_at for each in services)
    return Erasure(ErasureId(ID), ID, "asked_for", ERASED_AT, services, ERASED_AT if done else None, overdue=False)


def test_it_is_asked_who_is_erased_by_name_code_and_id_with_what_they_have_and_owe() -> None:
    asked = question(petra(Balances(1250, -4500, None, 120)), EUR, give_up_balances=False)

    assert asked == (
        "There is 12.50 EUR store credit, 120 points, -45.00 EUR owed on account. An erased customer does not come "
        f"back.\nErase Petra Punkt (PP-1, {ID}) for good? Type yes: "
    )


@pytest.mark.parametrize(
    ("balances", "give_up", "said"),
    [
        (Balances(), True, "Nothing is had or owed. "),
        (Balances(store_credit=5), True, "There is 5 JPY store credit, which is given up. "),
        (Balances(store_credit=5), False, "There is 5 JPY store credit. "),
    ],
)
def test_the_question_says_what_is_given_up(balances: Balances, give_up: bool, said: str) -> None:
    assert question(petra(balances), YEN, give_up_balances=give_up).startswith(said)


def test_who_has_no_name_is_asked_about_by_company_or_id() -> None:
    assert "Erase Teetä Oy (" in question(Customer(ID, 1, company="Teetä Oy"), EUR, give_up_balances=False)
    assert f"without a name ({ID})" in question(Customer(ID, 1), EUR, give_up_balances=False)


@pytest.mark.parametrize(
    ("waits_for", "said"),
    [
        ("sales", "waits for customers (until checkout's sales of before are heard)"),
        ("rebuild", "waits for customers (rebuilds its database"),
        ("night", "waits for customers (its database is large: rebuilt between 1 and 5 at night"),
    ],
)
def test_an_erasure_that_waits_says_for_what(waits_for: ErasureWaitsFor, said: str) -> None:
    assert said in told(an_erasure(ServiceErasure("customers", None, waits_for)))


def test_an_erasure_waits_for_services_that_have_not_heard_of_it_and_is_finished_in_the_end() -> None:
    assert told(an_erasure(ServiceErasure("customers", ERASED_AT), ServiceErasure("policy", None))).endswith(
        "waits for policy (has not heard of it)"
    )
    assert told(an_erasure(ServiceErasure("customers", ERASED_AT))).endswith(f"finished {ERASED_AT}")
