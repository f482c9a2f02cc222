"""Customers are found by all that SPEC names, in its order, whatever is typed."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, insert

from contracts.base import Rejected
from contracts.customers import CreateCustomer, UpdateCustomer
from contracts.customers.asking import CustomerHits, NameSplit, SearchCustomers, SplitName
from contracts.customers.profile import Address
from contracts.ids import CountryCode, CustomerId
from services.customers.store.customers import CustomerStore
from services.customers.store.search import KEYS_LOOKED_THROUGH, CustomerSearch
from services.customers.store.tables import customer_key
from services.runtime.migrate import chains, migrate
from tests.services.customers.counter import AT, found, look, saved
from tests.services.customers.examples import customer_id, record
from tests.services.customers.test_service import a_sale
from tests.services.policy.teller import Teller
from tests.under_test import StoreUnderTest

ANNE = CreateCustomer(
    customer_id(1),
    first_name="Anne-Marie",
    last_name="de Groot",
    company="Fietsen BV",
    emails=("anne@voorbeeld.example.nl",),
    phones=("+31 6 12345678",),
    codes=("AG-100",),
    addresses=(
        Address("shipping", "", "Kerkstraat", "12", "b", "", "1015 CJ", "Amsterdam", "", CountryCode("NL")),
        Address("billing", "", "Hauptstraße", "7", postcode="10115", city="Berlin", country=CountryCode("DE")),
    ),
)
"""Somebody with all that can be looked for."""


@pytest.mark.parametrize(
    ("typed", "matched"),
    [
        ("1015CJ 12", "postcode"),
        ("1015 cj 12b", "postcode"),
        ("1015 cj 12 B", "postcode"),
        ("1015cj", "postcode"),
        ("10115 7", "postcode"),
        ("D-10115 7", "postcode"),
        ("10115 8", None),
        ("groot", "last_name"),
        ("anne gr", "first_name"),
        ("gr ann", "first_name"),
        ("annemarie", "first_name"),
        ("marie", "first_name"),
        ("fiets", "company"),
        ("fiets de gr anne", "company"),
        ("345678", "phone"),
        ("06-1234", None),
        ("+31612", "phone"),
        ("AG-100", "code"),
        ("ag-100", "code"),
        ("Ag-100", "code"),
    ],
)
async def test_a_customer_is_found_by_every_word_contact_and_home(
    shop: StoreUnderTest, typed: str, matched: str | None
) -> None:
    await saved(shop, ANNE)

    assert await found(shop, typed) == ([] if matched is None else [(ANNE.customer_id, matched)])


async def test_a_home_that_is_left_finds_nobody(shop: StoreUnderTest) -> None:
    await saved(shop, ANNE)
    await saved(shop, UpdateCustomer(ANNE.customer_id, 1, addresses=ANNE.addresses[1:]))

    assert await found(shop, "1015 CJ") == []
    assert await found(shop, "10115 7") == [(ANNE.customer_id, "postcode")]


async def test_a_blocked_code_is_found_as_such(shop: StoreUnderTest) -> None:
    await saved(shop, ANNE)
    await saved(shop, UpdateCustomer(ANNE.customer_id, 1, blocked_codes=("AG-100",)))

    assert await found(shop, "AG-100") == [(ANNE.customer_id, "blocked_code")]


async def test_a_code_comes_first_then_a_contact_then_who_was_seen_lately_then_names(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    people = {
        "name": CreateCustomer(customer_id(1), first_name="4455661"),
        "seen": CreateCustomer(customer_id(2), first_name="Zoe", phones=("+358 40 4455661",)),
        "home": CreateCustomer(
            customer_id(3), first_name="Home", addresses=(Address(postcode="44556", house_number="61"),)
        ),
        "code": CreateCustomer(customer_id(4), first_name="Code", codes=("4455661",)),
        "end": CreateCustomer(customer_id(5), first_name="End", phones=("+358 50 4455661",)),
    }
    for each in people.values():
        await saved(shop, each)
    await checkout.tell(a_sale(1, people["seen"].customer_id))
    await shop.followed("checkout", "customers")

    hits = await found(shop, "4455661")

    assert hits == [
        (people["code"].customer_id, "code"),
        (people["home"].customer_id, "postcode"),
        (people["seen"].customer_id, "phone"),
        (people["name"].customer_id, "first_name"),
        (people["end"].customer_id, "phone"),
    ]


@pytest.mark.parametrize(
    "typed",
    [
        "' OR 1=1 --",
        '"; DROP TABLE customer; --',
        "NEAR(a b)",
        "first_name:*",
        "a* OR b*",
        "^anne",
        "%%",
        "_____",
        "\\\\",
        "\u202eenna",
        "a\x00b",
        "🚲🚲",
        "((((",
        "*" * 200,
        "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    ],
)
async def test_operators_and_marks_in_what_is_typed_are_no_commands(shop: StoreUnderTest, typed: str) -> None:
    await saved(shop, CreateCustomer(customer_id(9), first_name="Other"))

    hits = await look(shop, SearchCustomers(typed))

    assert isinstance(hits, CustomerHits)
    assert hits.hits == ()


async def test_a_single_character_finds_whoever_has_it_as_a_code_and_nobody_else(shop: StoreUnderTest) -> None:
    await saved(shop, CreateCustomer(customer_id(1), first_name="Q", codes=("7",)))
    await saved(shop, CreateCustomer(customer_id(2), first_name="7"))

    assert await found(shop, "7") == [(customer_id(1), "code")]
    assert await found(shop, "q") == []


@pytest.mark.parametrize("typed", ["", "x" * 201])
async def test_too_little_or_too_much_is_refused_by_name(shop: StoreUnderTest, typed: str) -> None:
    refused = await look(shop, SearchCustomers(typed))

    assert isinstance(refused, Rejected)
    assert (refused.code, refused.details["field"]) == ("malformed", "$.text")


async def test_what_nobody_has_is_split_for_a_new_customer(shop: StoreUnderTest) -> None:
    split = await look(shop, SplitName("Jan van der Berg jan@Example.com"), token=shop.token("customer.edit"))

    assert split == NameSplit("Jan", "van der Berg", emails=("jan@example.com",))


@pytest.mark.parametrize("typed", ["gin zed", "zed gin", "gina zed", "gi ze", "ze gi"])
def test_whoever_has_all_words_is_found_however_many_have_one_of_them(gina: Connection, typed: str) -> None:
    hits = CustomerSearch(gina, "FI").find(typed, 20)

    assert [hit.customer.customer_id for hit in hits] == [customer_id(0)]


@pytest.fixture(scope="module")
def gina(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A database in which more people are called Gina than are looked through, and one of them is a Zed, too."""
    file = tmp_path_factory.mktemp("gina") / "customers.sqlite3"
    migrate(file, chains("customers"))
    engine = create_engine(f"sqlite:///{file}")
    rows = [{"customer_id": customer_id(number), "key": f"gina a{number}"} for number in range(1, KEYS_LOOKED_THROUGH)]
    with engine.begin() as connection:
        CustomerStore(connection).add(record(CreateCustomer(customer_id(0), "Gina", "Zed")), b"mark", AT)
        connection.execute(insert(customer_key), [*rows, {"customer_id": customer_id(0), "key": "gina aa"}])
        yield connection
    engine.dispose()


async def test_words_typed_in_any_order_find_who_has_them_all(shop: StoreUnderTest) -> None:
    await saved(shop, CreateCustomer(customer_id(1), first_name="Anna Liisa", last_name="Virtanen"))
    await saved(shop, CreateCustomer(customer_id(2), first_name="Liisa", last_name="Virta"))

    def ids(hits: list[tuple[CustomerId, str]]) -> set[CustomerId]:
        return {each for each, _ in hits}

    assert ids(await found(shop, "vir li")) == {customer_id(1), customer_id(2)}
    assert ids(await found(shop, "liisa virtanen")) == {customer_id(1)}
    assert ids(await found(shop, "virtanen anna")) == {customer_id(1)}
    assert ids(await found(shop, "li an")) == {customer_id(1)}
