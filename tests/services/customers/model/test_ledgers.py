"""What entries come to: lots, deficits, expiry, open items. Pure."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.customers.balances import Ledger
from contracts.customers.ledgers import LedgerEntry
from services.customers.model.ledgers import Booking, Standing, expiring, open_items, spendable, standing

FIRST_DAY = date(2026, 3, 1)
AMOUNTS = st.integers(-500, 500).filter(bool)


def day(number: int) -> str:
    return (FIRST_DAY + timedelta(days=number)).isoformat()


def entry_id(number: int) -> str:
    return f"0190f000-0000-7000-8000-{number:012d}"


def booked(*amounts: int | tuple[int, int]) -> list[Booking]:
    """Entries day after day; a pair has a last day, so many days after the first."""
    bookings, balance = [], 0
    for number, each in enumerate(amounts, 1):
        amount, last = each if isinstance(each, tuple) else (each, None)
        balance += amount
        bookings.append(
            Booking(
                LedgerEntry(
                    entry_id(number),
                    number,
                    "adjusted",
                    amount,
                    balance,
                    f"{day(number)}T10:00:00.000000Z",
                    day(number),
                    expires_on=None if last is None or amount < 0 else day(last),
                    due_on=day(number + 10) if amount > 0 else None,
                )
            )
        )
    return bookings


def left(of: Standing) -> list[tuple[int, int]]:
    return [(lot.entry.number, lot.left) for lot in of.lots]


@given(st.lists(st.one_of(AMOUNTS, st.tuples(AMOUNTS, st.integers(1, 30))), max_size=40))
def test_lots_and_deficit_always_add_up_to_the_entries(amounts: list[int | tuple[int, int]]) -> None:
    bookings = booked(*amounts)

    found = standing(bookings)

    assert found.balance == sum(booking.entry.amount for booking in bookings)
    assert all(0 < lot.left <= lot.entry.amount for lot in found.lots)
    assert not (found.lots and found.deficit)
    assert [lot.order for lot in found.lots] == sorted(lot.order for lot in found.lots)


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(1, 30)), max_size=20), st.integers(0, 3000), st.integers(0, 40)
)
def test_what_is_reserved_never_expires_and_everything_else_past_its_day_does(
    amounts: list[tuple[int, int]], reserved: int, today: int
) -> None:
    found = standing(booked(*amounts))
    reserved = min(reserved, found.balance)

    gone = expiring(found, day(today), {None: reserved})

    assert all(lot.entry.expires_on is not None and lot.entry.expires_on < day(today) for lot, _ in gone)
    past = sum(lot.left for lot in found.expired(day(today)))
    assert sum(amount for _, amount in gone) == max(0, past - reserved)
    assert found.balance - sum(amount for _, amount in gone) >= reserved


def test_the_oldest_is_settled_first_and_a_deficit_is_filled_before_anything_is_left() -> None:
    assert left(standing(booked(100, 200, -150, 50))) == [(2, 150), (4, 50)]
    assert left(standing(booked(100, -300, 250))) == [(3, 50)]
    assert standing(booked(100, -300)).deficit == 200


def test_what_expires_first_is_spent_first() -> None:
    assert left(standing(booked(100, (100, 20), (100, 10), -150))) == [(2, 50), (1, 100)]


def test_an_entry_that_names_a_lot_takes_from_it() -> None:
    bookings = booked(100, 200, -150)
    named = [*bookings[:2], Booking(bookings[2].entry, lot=entry_id(2))]

    assert left(standing(named)) == [(1, 100), (2, 50)]


def test_what_came_back_is_left_of_what_it_was() -> None:
    out_and_back = booked(100, -100, 80)
    back = [*out_and_back[:2], Booking(out_and_back[2].entry, lot=entry_id(1))]

    assert left(standing(back)) == [(1, 80)]


def test_what_is_of_an_earlier_day_goes_first_though_it_was_booked_later() -> None:
    late, early, taken = booked(100, 200, -250)
    earlier = Booking(msgspec.structs.replace(early.entry, day=day(0)))

    assert left(standing([late, earlier, taken])) == [(1, 50)]


def test_what_one_owes_is_taken_from_what_another_has_and_stays_apart() -> None:
    hers, his = booked(100, -45)
    found = standing([hers, Booking(his.entry, parts=(("him", -45),))])

    assert (left(found), found.deficit) == ([(1, 55)], 0)
    assert {owner: part.balance for owner, part in found.parts.items()} == {None: 100, "him": -45}


def test_an_open_item_is_overdue_after_the_day_it_is_due() -> None:
    items = open_items(standing(booked(100, 200, -150)), day(12))

    assert [(item.amount, item.left, item.due_on, item.overdue) for item in items] == [(200, 150, day(12), False)]
    assert open_items(standing(booked(100, 200, -150)), day(13))[0].overdue


@pytest.mark.parametrize(
    ("ledger", "balance", "reserved", "limit", "can_be_spent"),
    [
        ("store_credit", 100, 30, None, 70),
        ("store_credit", 100, 130, None, 0),
        ("loyalty", -5, 0, None, 0),
        ("account", 100, 30, 200, 70),
        ("account", 100, 30, 0, 0),
        ("account", -100, 30, 0, 70),
        ("account", 10**12, 0, None, None),
    ],
)
def test_what_can_be_spent(
    ledger: Ledger, balance: int, reserved: int, limit: int | None, can_be_spent: int | None
) -> None:
    assert spendable(ledger, balance, reserved, limit) == can_be_spent
