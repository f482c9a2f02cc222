"""Services that answer and tell what a test bids them, where the real ones cannot be brought to it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import msgspec

from contracts.base import Event
from contracts.customers import CustomerFactsRead
from contracts.customers.asking import GetCustomerFacts
from contracts.policy import Level
from contracts.policy.checking import CheckAnswer, CheckCheckout, CheckItem, CheckoutFacts, Outcome, Settled
from services.customers.handlers.records import get_customer_facts
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.service import Route, Service, query
from services.runtime.transactions import Tx, View
from services.runtime.workers import Context

_MIGRATIONS = Path(__file__).parents[2] / "toy" / "leader_migrations"

Answer = Callable[[CheckoutFacts], CheckAnswer]


def proceeds(facts: CheckoutFacts) -> CheckAnswer:  # noqa: ARG001 - it asks for nothing
    """Settings that ask for nothing."""
    return CheckAnswer(outcome="proceed", settings_revision=1, items=())


def asks_for_email(level: Level, *, waivable_by: tuple[str, ...] = ("manager",)) -> Answer:
    """Settings with one rule: the customer's email."""

    def answer(facts: CheckoutFacts) -> CheckAnswer:
        satisfied = facts.customer is not None and facts.customer.has_email and not facts.customer.placeholder
        settled: Settled | None = None
        if not satisfied and level == "recommended" and "email-missing" in facts.skipped:
            settled = "skipped"
        elif not satisfied and level == "required" and "email-missing" in facts.waived:
            settled = "waived"
        outcome: Outcome = "proceed"
        if not satisfied and settled is None:
            outcome = "block" if level == "required" else "prompt"
        item = CheckItem(
            field="contact",
            level=level,
            satisfied=satisfied,
            code="email-ok" if satisfied else "email-missing",
            sentence="About the email.",
            waivable_by=waivable_by if level == "required" else (),
            settled=settled,
        )
        return CheckAnswer(outcome=outcome, settings_revision=1, items=(item,))

    return answer


def asks_for_more_from(total: int, level: Level) -> Answer:
    """Settings with one rule, by code: any contact, but email and phone from a total on."""

    def answer(facts: CheckoutFacts) -> CheckAnswer:
        code = "email-and-phone-missing" if facts.total >= total else "email-or-phone-missing"
        settled: Settled | None = None
        if code in facts.skipped and level == "recommended":
            settled = "skipped"
        elif code in facts.waived:
            settled = "waived"
        unsettled: Outcome = "block" if level == "required" else "prompt"
        item = CheckItem(
            field="contact",
            level=level,
            satisfied=False,
            code=code,
            sentence="About contacts.",
            waivable_by=("manager",) if level == "required" else (),
            settled=settled,
        )
        return CheckAnswer(outcome=unsettled if settled is None else "proceed", settings_revision=1, items=(item,))

    return answer


class StandIn:
    """Tells events under the name of a service, from a real journal."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._context: asyncio.Future[Context[Tx, View]] = asyncio.get_running_loop().create_future()

    async def tell(self, event: Event) -> None:
        """Put an event into the journal."""
        context = await self._context
        await context.write(lambda tx: tx.record(event))

    def routes(self) -> tuple[Route, ...]:
        """What it answers."""
        return ()

    def service(self) -> Service[Tx, View]:
        """The service to be started."""
        return Service(
            name=self._name,
            migrations=_MIGRATIONS,
            transaction=Tx,
            view=View,
            routes=self.routes(),
            workers=(self._keep_context,),
        )

    async def _keep_context(self, context: Context[Tx, View]) -> None:
        self._context.set_result(context)


class StandInPolicy(StandIn):
    """Answers by ``answer``, which may be replaced at any time; ``asked`` is all that it was asked."""

    def __init__(self, answer: Answer = proceeds, *meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__("policy")
        self.answer = answer
        self.asked: list[CheckCheckout] = []
        self._meanwhile = list(meanwhile)

    def says(self, **changes: object) -> None:
        """From now on the same answers but for these fields."""
        before = self.answer
        self.answer = lambda facts: msgspec.structs.replace(before(facts), **changes)

    def meanwhile(self, happens: Callable[[], Awaitable[object]]) -> None:
        """Let something happen between the next question and its answer."""
        self._meanwhile.append(happens)

    def routes(self) -> tuple[Route, ...]:
        """The check."""
        return (query(CheckCheckout, self._check),)

    async def _check(self, asked: CheckCheckout, _view: View) -> CheckAnswer:
        self.asked.append(asked)
        answer = self.answer(asked.facts)
        if self._meanwhile:
            await self._meanwhile.pop(0)()
        return answer


class SlowCustomers:
    """The real customers service, whose first answers about facts are held back after they were read."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()
        self.revision: int | None = None
        """The revision that it claims instead of its own."""

    def service(self) -> Service[CustomersTx, CustomersView]:
        """The service to be started."""
        service = customers(CustomersSettings())
        routes = tuple(
            query(GetCustomerFacts, self._facts) if route.request is GetCustomerFacts else route
            for route in service.routes
        )
        return replace(service, routes=routes)

    async def _facts(self, asked: GetCustomerFacts, view: CustomersView) -> CustomerFactsRead:
        read = await get_customer_facts(asked, view)
        self.asked.set()
        await self.answer.wait()
        if self.revision is None:
            return read
        return CustomerFactsRead(msgspec.structs.replace(read.facts, revision=self.revision))
