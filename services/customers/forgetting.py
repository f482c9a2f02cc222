"""What goes on beside the bus until a customer is forgotten everywhere, and until everything has had its time.

An erasure is finished when its ids are written down beside the databases, this database holds no byte of it, and
every service that follows this journal has passed the event that tells of it. Never here: what is forgotten.
"""

import asyncio
from collections.abc import Iterable
from datetime import time

from contracts.base import Unavailable
from contracts.every_service import ReadFollowed
from services.customers.erased_file import ErasedFile
from services.customers.handlers.buyers import forget_what_had_its_time
from services.customers.handlers.erasing import acknowledge, to_write_down
from services.customers.handlers.merging import forget_old_merges
from services.customers.model.privacy import OWN
from services.customers.settings import CustomersSettings
from services.customers.store.aliases import family
from services.customers.store.erasures import ErasureStore, Waiting
from services.customers.store.wiping import rebuilds_at_once, wipe
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.requester import NoAnswer, Refused
from services.runtime.running import Context
from services.runtime.writer import DatabaseFault

NIGHT = (time(1), time(5))
"""When nobody waits for a large database to be rebuilt, by the shop's wall clock."""
ASK_PATIENCE_S = 2.0


class Forgetting:
    """Brings erasures to their end."""

    def __init__(self, context: Context[CustomersTx, CustomersView], settings: CustomersSettings) -> None:
        self._context = context
        self._settings = settings
        self._file = context.data / f"{OWN}.sqlite3"
        self._told_overdue = 0
        self._silent: set[str] = set()
        """The services of which it was said that they do not answer."""
        self._cleared_on = ""

    async def look(self) -> None:
        """Do what can be done now."""
        await self._clear_once_a_day()
        waiting = await self._context.view().read(lambda connection: ErasureStore(connection).waiting())
        if waiting:
            await self._write_down(waiting)
            done = [(each, OWN) for each in _waiting_for(OWN, waiting)] if await self._wiped(waiting) else []
            for service in sorted({name for each in waiting for name in each.outstanding} - {OWN}):
                done += await self._passed_by(service, list(_waiting_for(service, waiting)))
            if done:
                await self._context.write(lambda tx: acknowledge(tx, done))
        await self._tell_overdue(waiting)

    async def _write_down(self, waiting: list[Waiting]) -> None:
        families = await self._context.view().read(
            lambda connection: {each.customer_id: family(connection, each.customer_id) for each in waiting}
        )
        erased = to_write_down(waiting, families)
        await asyncio.to_thread(ErasedFile(self._context.data).add, erased)

    async def _wiped(self, waiting: list[Waiting]) -> bool:
        """Whether this database holds no byte any more of those who wait for that."""
        if not any(_waiting_for(OWN, waiting)):
            return False
        if not rebuilds_at_once(self._file) and not self._is_night():
            return False
        wiped = await asyncio.to_thread(wipe, self._file)
        if not wiped:
            self._context.log.info("not-wiped-yet")
        return wiped

    async def _passed_by(self, service: str, waiting: list[Waiting]) -> list[tuple[Waiting, str]]:
        """Which erasures a service has heard of and acted on: all its followers here have passed the event."""
        ask = self._context.ask(self._context.ids.new())
        try:
            answer = await ask(ReadFollowed(OWN), service=service, patience_s=ASK_PATIENCE_S, attempts=1)
        except (NoAnswer, Refused, Unavailable) as silent:
            if service not in self._silent:
                self._context.log.warning("erasure-not-acknowledged", service=service, reason=type(silent).__name__)
                self._silent.add(service)
            return []
        self._silent.discard(service)
        places = [(place.epoch, place.number) for place in answer.places]
        return [(each, service) for each in waiting if places and all(at >= (each.epoch, each.number) for at in places)]

    async def _tell_overdue(self, waiting: list[Waiting]) -> None:
        """Raise the alarm when there are more erasures overdue than were told."""
        before = self._settings.privacy.overdue_before(self._context.clock.now())
        overdue = [each for each in waiting if each.erased_at < before]
        if len(overdue) == self._told_overdue:
            return
        self._told_overdue = len(overdue)
        for each in overdue:
            self._context.log.error(
                "erasure-overdue",
                erasure_id=each.erasure_id,
                erased_at=each.erased_at,
                waiting_for=",".join(each.outstanding),
            )
        await self._context.write(lambda tx: acknowledge(tx, []))

    async def _clear_once_a_day(self) -> None:
        today = self._settings.shop_days.day_of(self._context.clock.now())
        if today != self._cleared_on:
            await self._context.write(_clear)
            self._cleared_on = today

    def _is_night(self) -> bool:
        now = self._context.clock.now().astimezone(self._settings.shop_days.zone).time()
        return NIGHT[0] <= now < NIGHT[1]


async def forget_in_time(context: Context[CustomersTx, CustomersView], settings: CustomersSettings) -> None:
    """Look again and again, for ever."""
    forgetting = Forgetting(context, settings)
    while True:
        try:
            await forgetting.look()
        except (DatabaseFault, OSError) as fault:
            context.log.warning("not-forgotten-yet", fault=type(fault).__name__)
        await asyncio.sleep(settings.privacy_every_s)


def _clear(tx: CustomersTx) -> None:
    forget_what_had_its_time(tx)
    forget_old_merges(tx)


def _waiting_for(service: str, waiting: Iterable[Waiting]) -> Iterable[Waiting]:
    return [each for each in waiting if service in each.outstanding]
