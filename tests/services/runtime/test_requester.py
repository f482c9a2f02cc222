"""Asking others: repeated with the same id until the answer is final, and never longer than patience lasts."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest
import pytest_asyncio

from contracts.base import Rejected, Unavailable
from services.runtime.asking import Ask
from services.runtime.bus import Incoming, Outgoing, Subscription
from services.runtime.bus.memory import MemoryBus
from services.runtime.ids import RandomIds, derived
from services.runtime.requester import NoAnswer, Refused, Requester
from tests.services.runtime.brokers import Client
from tests.toy.leader import Count, Counted, GetCounter, TooFar
from tests.under_test import Caller, StoreUnderTest, until

ID = "0198c0de-0000-7000-8000-00000000000a"
DONE = msgspec.json.encode(Counted("a", 1))
BUSY = msgspec.json.encode(Rejected("busy", "later"))
TOO_FAR = msgspec.json.encode(Rejected("too-far", "no further", {"total": -1}))


class Counter(Client):
    """A service by hand: answers request after request with what it is given; None is silence."""

    def __init__(self, store: StoreUnderTest, answers: list[bytes | None]) -> None:
        super().__init__(
            MemoryBus(store.broker, "leader"), Subscription(store.topics.requests_to("leader"), retained=False)
        )
        self._answers: Iterator[bytes | None] = iter(answers)

    def on_message(self, message: Incoming) -> None:
        super().on_message(message)
        answer = next(self._answers, None)
        if answer is not None:
            self.answer(message, answer)

    def answer(self, message: Incoming, payload: bytes) -> None:
        """Answer a request."""
        assert message.response_topic is not None
        self.bus.post(Outgoing(message.response_topic, payload, correlation=message.correlation))

    @property
    def ids(self) -> list[str | None]:
        """The ids of the requests heard."""
        return [(message.properties or {}).get("id") for message in self.heard]


@pytest_asyncio.fixture
async def till(store: StoreUnderTest) -> AsyncIterator[Caller]:
    yield await store.caller("till-1")


async def ask(till: Caller, patience_s: float = 5, attempts: int = 3) -> Counted:
    return await till.requester.ask(Count("a"), message_id=ID, patience_s=patience_s, attempts=attempts)


async def test_an_answer_that_is_not_final_is_asked_for_again_with_the_same_id(
    store: StoreUnderTest, till: Caller
) -> None:
    unavailable, expired = (msgspec.json.encode(Rejected(code, "later")) for code in ("unavailable", "expired"))
    async with Counter(store, [BUSY, unavailable, expired, DONE]).running() as service:
        assert await ask(till, attempts=4) == Counted("a", 1)

    assert isinstance(service, Counter)
    assert service.ids == [ID] * 4
    assert len({message.correlation for message in service.heard}) == 4


async def test_a_rejection_is_final(store: StoreUnderTest, till: Caller) -> None:
    async with Counter(store, [TOO_FAR, DONE]).running() as service:
        with pytest.raises(Refused) as refused:
            await ask(till)

    assert refused.value.rejected == Rejected("too-far", "no further", {"total": -1})
    assert len(service.heard) == 1


async def test_who_is_never_answered_for_good_is_told_what_came_last(store: StoreUnderTest, till: Caller) -> None:
    async with Counter(store, [BUSY, BUSY]).running():
        with pytest.raises(NoAnswer, match="leader count: busy") as silence:
            await ask(till, attempts=2)

    assert silence.value.last == Rejected("busy", "later")


async def test_silence_is_no_answer(store: StoreUnderTest, till: Caller) -> None:
    async with Counter(store, [None, None]).running() as service:
        with pytest.raises(NoAnswer, match="leader count: silence"):
            await ask(till, patience_s=0.02, attempts=2)

    assert len(service.heard) == 2


@pytest.mark.parametrize(
    "unreadable",
    [
        b"no json",
        b"\xff",
        b"[]",
        b'{"type":5}',
        b'{"type":"rejected"}',
        b'{"counter":"a","total":"many"}',
        b'{"total":1}',
    ],
)
async def test_an_answer_that_cannot_be_read_is_none(store: StoreUnderTest, till: Caller, unreadable: bytes) -> None:
    async with Counter(store, [unreadable]).running():
        with pytest.raises(NoAnswer):
            await ask(till, patience_s=0.5, attempts=1)


async def test_an_unreadable_answer_is_asked_for_again(store: StoreUnderTest, till: Caller) -> None:
    async with Counter(store, [b"no json", DONE]).running():
        assert await ask(till) == Counted("a", 1)


async def test_a_service_that_comes_within_patience_is_still_asked(store: StoreUnderTest, till: Caller) -> None:
    asking = asyncio.create_task(ask(till, attempts=1))
    await until(lambda: any(each.topic.endswith("/count/till-1") for each in store.broker.published))

    async with Counter(store, [DONE]).running():
        assert await asking == Counted("a", 1)


async def test_a_requester_that_is_cut_off_asks_again_when_it_is_back(store: StoreUnderTest, till: Caller) -> None:
    async with Counter(store, [DONE]).running():
        till.bus.drop()

        assert await ask(till, attempts=1) == Counted("a", 1)


async def test_a_late_answer_to_an_earlier_request_is_not_taken_for_another(
    store: StoreUnderTest, till: Caller
) -> None:
    service = Counter(store, [None])
    async with service.running():
        with pytest.raises(NoAnswer):
            await ask(till, patience_s=0.02, attempts=1)
        asking = asyncio.create_task(till.requester.ask(GetCounter("b"), attempts=1))
        await until(lambda: len(service.heard) == 2)

        service.answer(service.heard[0], DONE)
        service.answer(service.heard[1], msgspec.json.encode(Counted("b", 7)))

        assert await asking == Counted("b", 7)


async def test_an_answer_to_an_earlier_run_is_not_taken_for_one_of_this(store: StoreUnderTest, till: Caller) -> None:
    """Both runs count their requests from one."""
    again = Requester("till-1", store.topics, till.bus, RandomIds())
    async with Counter(store, [None, None]).running() as service:
        for requester in (till.requester, again):
            with pytest.raises(NoAnswer):
                await requester.ask(GetCounter("a"), patience_s=0.02, attempts=1)

    first, second = (message.correlation for message in service.heard)
    assert first != second


async def test_requests_asked_at_once_get_their_own_answers(store: StoreUnderTest, till: Caller) -> None:
    names = [f"c{number}" for number in range(20)]

    class Echo(Counter):
        def on_message(self, message: Incoming) -> None:
            asked = msgspec.json.decode(message.payload, type=GetCounter)
            self.answer(message, msgspec.json.encode(Counted(asked.counter, int(asked.counter[1:]))))

    async with Echo(store, []).running():
        answers = await asyncio.gather(*(till.requester.ask(GetCounter(name)) for name in names))

    assert answers == [Counted(name, number) for number, name in enumerate(names)]


async def test_a_request_says_how_long_its_caller_waits_and_who_it_is(store: StoreUnderTest, till: Caller) -> None:
    async with Counter(store, [DONE]).running() as service:
        await till.requester.ask(Count("a"), message_id=ID, token="t", patience_s=7, attempts=1)

    (heard,) = service.heard
    assert heard.expiry_s == 7
    assert heard.response_topic == store.topics.reply("till-1", "leader")
    assert heard.properties == {"id": ID, "token": "t"}


def ask_for(till: Caller, *rejections: type[TooFar]) -> Ask:
    return Ask(till.requester, RandomIds(), ID, rejections)


async def test_ids_of_what_a_command_asks_follow_from_its_own(store: StoreUnderTest, till: Caller) -> None:
    """So that a command that is prepared again repeats what it asked, and does nothing twice."""
    async with Counter(store, [DONE] * 4).running() as service:
        for purpose in ("", "", "tip"):
            await ask_for(till)(Count("a"), purpose=purpose)

    assert isinstance(service, Counter)
    assert service.ids == [derived(ID, "count/"), derived(ID, "count/"), derived(ID, "count/tip")]


async def test_a_refusal_is_passed_on_if_the_contract_names_it(store: StoreUnderTest, till: Caller) -> None:
    async with Counter(store, [TOO_FAR, TOO_FAR]).running():
        with pytest.raises(TooFar) as told:
            await ask_for(till, TooFar)(Count("a"))
        with pytest.raises(Refused):
            await ask_for(till)(Count("a"))

    assert told.value.reply() == Rejected("too-far", "no further", {"total": -1})


async def test_who_does_not_answer_is_named_as_away_or_done_without(store: StoreUnderTest, till: Caller) -> None:
    async with Counter(store, []).running():
        with pytest.raises(Unavailable) as away:
            await ask_for(till)(Count("a"), patience_s=0.02, attempts=1)
        assert await ask_for(till).if_there(Count("a"), patience_s=0.02, attempts=1) is None

    assert away.value.details == {"service": "leader"}


@pytest.mark.parametrize("code", ["internal-error", "malformed", "unknown-request"])
async def test_whoever_can_do_without_an_answer_is_not_stopped_by_a_bug_of_the_one_asked(
    store: StoreUnderTest, till: Caller, code: str
) -> None:
    async with Counter(store, [msgspec.json.encode(Rejected(code, "a bug"))] * 2).running():
        assert await ask_for(till).if_there(Count("a")) is None
        with pytest.raises(Refused):
            await ask_for(till)(Count("a"))
