"""A service passes a request on for whoever asked it, who gets no more done than by asking themselves."""

import pytest

from services.runtime.requester import Asker, Refused
from tests.toy import leader
from tests.toy.leader import Count, Counted, GetCounter, Guarded
from tests.under_test import StoreUnderTest

ID = "0198c0de-0000-7000-8000-00000000000a"
SALE = "0198c0de-0000-7000-8000-0000000000a1"


@pytest.fixture
async def counting(store: StoreUnderTest) -> StoreUnderTest:
    await store.start(leader.make_leader())
    return store


async def pass_on(
    store: StoreUnderTest, asker: Asker, *, caller: str = "checkout", message_id: str | None = None
) -> str:
    """Pass a guarded command on; the code where it is refused."""
    requester = (await store.caller(caller)).requester
    try:
        counted: Counted = await requester.ask(Guarded("a"), asker=asker, message_id=message_id)
    except Refused as refused:
        return refused.rejected.code
    return f"counted to {counted.total}"


async def test_what_is_passed_on_is_judged_by_the_token_of_whoever_asked(counting: StoreUnderTest) -> None:
    may, may_not = counting.token("toy.count"), counting.token()

    assert await pass_on(counting, Asker("till-1", may_not)) == "permission-denied"
    assert await pass_on(counting, Asker("till-2", may)) == "token-invalid"
    assert await pass_on(counting, Asker("till-1", may)) == "counted to 1"


async def test_a_service_has_nothing_of_its_own_to_pass_on(counting: StoreUnderTest) -> None:
    own = counting.token("toy.count", caller="checkout")

    assert await pass_on(counting, Asker("till-1")) == "token-missing"
    assert await pass_on(counting, Asker("till-1", own)) == "token-invalid"


async def test_nobody_passes_on_what_the_contract_does_not_let_them(counting: StoreUnderTest) -> None:
    stolen = Asker("till-1", counting.token("toy.count"))

    assert await pass_on(counting, stolen, caller="till-2") == "token-invalid"
    requester = (await counting.caller("checkout")).requester
    assert await requester.ask(Count("a"), asker=stolen) == Counted("a", 1)
    assert await counting.send(GetCounter("a")) == Counted("a", 1)


async def test_the_same_id_passed_on_again_changes_once(counting: StoreUnderTest) -> None:
    asker = Asker("till-1", counting.token("toy.count"))

    first = await pass_on(counting, asker, message_id=ID)
    again = await pass_on(counting, asker, message_id=ID)

    assert first == again == "counted to 1"


@pytest.mark.parametrize(
    ("approved", "sale", "about", "answer"),
    [
        (ID, SALE, SALE, "counted to 1"),
        (ID, None, None, "counted to 1"),
        (SALE, SALE, SALE, "approval-invalid"),
        (ID, SALE, None, "approval-invalid"),
        (ID, SALE, ID, "approval-invalid"),
    ],
)
async def test_an_approval_is_for_the_command_and_the_sale_that_it_names(
    counting: StoreUnderTest, approved: str, sale: str | None, about: str | None, answer: str
) -> None:
    token = counting.token(needs_approval=("toy.count",))
    approval = counting.approval("toy.count", approved, sale_id=sale)

    assert await pass_on(counting, Asker("till-1", token, approval, about), message_id=ID) == answer


async def test_what_a_register_says_of_others_counts_for_nothing(counting: StoreUnderTest) -> None:
    """A register that names a sale does not make an approval for that sale its own."""
    token = counting.token(needs_approval=("toy.count",))
    approval = counting.approval("toy.count", ID, sale_id=SALE)

    asker = Asker("till-1", token, approval, SALE)

    assert await pass_on(counting, asker, caller="till-1", message_id=ID) == "approval-invalid"
