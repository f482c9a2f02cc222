"""What goes on beside the bus until a customer is forgotten everywhere, and until everything has had its time.

An erasure is written down beside the databases before it is answered. It is finished when checkout's sales of before
are heard, so that the law's buyers are sealed, nothing is had or owed any more, this database holds no byte of it, and
every service that follows this journal has passed the event that tells of it. Never here: what is forgotten.
"""

import asyncio
from collections.abc import Iterable, Sequence

from contracts.base import Unavailable
from contracts.every_service import FollowedPlace, ReadFollowed
from services.customers.erased_file import NAME, Erased, ErasedFile
from services.customers.expiry import all_applied
from services.customers.handlers.buyers import forget_what_had_its_time
from services.customers.handlers.erasing import acknowledge, give_up_late, let_go, write_off
from services.customers.handlers.merging import forget_old_merges
from services.customers.model.privacy import OWN
from services.customers.settings import CustomersSettings
from services.customers.store.buyers import who_leaves
from services.customers.store.erasures import ErasureStore, Waiting, has_balances, who_has_all_the_same
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime import journal
from services.runtime.clock import stamp
from services.runtime.requester import NoAnswer, Refused
from services.runtime.wiping import may_rebuild, wipe
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault

ASK_PATIENCE_S = 2.0


class Forgetting:
    """Brings erasures to their end."""

    def __init__(self, context: Context[CustomersTx, CustomersView], settings: CustomersSettings) -> None:
        self._context = context
        self._settings = settings
        self._file = context.data / f"{OWN}.sqlite3"
        self._started = stamp(context.clock.now())
        self._told_overdue = 0
        self._silent: set[str] = set()
        """The services of which it was said that they do not answer."""
        self._looked_on = ""

    async def _tell_unreadable(self) -> None:
        """Raise the alarm about lines of the list beside the databases that nobody can read."""
        if lines := await asyncio.to_thread(ErasedFile(self._context.data).unreadable):
            self._context.log.error("erased-list-unreadable", file=NAME, lines=lines)

    async def look(self) -> None:
        """Do what can be done now."""
        await self._once_a_day()
        waiting = await self._context.view().read(lambda connection: ErasureStore(connection).waiting())
        if waiting:
            settled = await self._settled(list(_waiting_for(OWN, waiting)))
            done = [(each, OWN) for each in settled] if settled and await self._wiped(settled) else []
            for service in sorted({name for each in waiting for name in each.outstanding} - {OWN}):
                done += await self._passed_by(service, list(_waiting_for(service, waiting)))
            if done:
                await self._context.write(lambda tx: acknowledge(tx, done))
        if not any(OWN in each.outstanding for each in waiting):
            await self._give_up_late()
        await self._tell_overdue(waiting)

    async def _settled(self, waiting: list[Waiting]) -> list[Waiting]:
        """Those who have and owe nothing and are kept as buyers of no sale that is still to be heard.

        What a restored backup says of them is given up. Sales since the backup are booked before: what was spent or
        refunded in them is not there to be given up.
        """
        if not waiting:
            return []
        erased = {each.erasure_id: each for each in await asyncio.to_thread(ErasedFile(self._context.data).read)}
        mine = [erased[each.erasure_id] for each in waiting if each.erasure_id in erased]
        unsettled, leaving = await self._unsettled(mine), await self._leaving(waiting)
        if (unsettled or leaving) and await self._sales_are_booked():
            await self._context.write(lambda tx: _settle(tx, unsettled, waiting))
            unsettled, leaving = await self._unsettled(unsettled), frozenset()
        left = {each.erasure_id for each in unsettled} | leaving
        return [each for each in waiting if each.erasure_id not in left]

    async def _give_up_late(self) -> None:
        """Settle what was booked of the erased since they were: a till that was away completes its sale days later."""
        if late := await self._context.view().read(who_has_all_the_same):
            await self._context.write(lambda tx: give_up_late(tx, late))

    async def _unsettled(self, erased: list[Erased]) -> list[Erased]:
        return await self._context.view().read(
            lambda connection: [each for each in erased if has_balances(connection, each.customer_ids)]
        )

    async def _leaving(self, waiting: list[Waiting]) -> frozenset[str]:
        erasure_ids = [each.erasure_id for each in waiting]
        return await self._context.view().read(lambda connection: who_leaves(connection, erasure_ids))

    async def _sales_are_booked(self) -> bool:
        try:
            return await all_applied(self._context)
        except (NoAnswer, Refused, Unavailable):  # checkout is away; its sales may say more
            return False

    async def _wiped(self, settled: list[Waiting]) -> bool:
        """Whether this database holds no byte any more of those who wait for that.

        A large one is rebuilt at night; but by day, too, where one of them waited since before the start, or for half
        of the time in which it is to be finished.
        """
        now = self._context.clock.now()
        enough = max(self._started, self._settings.privacy.half_due_before(now))
        waited = any(each.erased_at < enough for each in settled)
        wall_clock = now.astimezone(self._settings.shop_days.zone).time()
        if not may_rebuild(self._file.stat().st_size, wall_clock, waited=waited):
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
        places = answer.places
        if not places or not await self._are_held(places):
            return []
        return [(each, service) for each in waiting if all(place.number >= each.number for place in places)]

    async def _are_held(self, places: Sequence[FollowedPlace]) -> bool:
        """Whether this journal holds what others have passed; one that was restored gives its numbers again."""
        held = await self._context.view().read(
            lambda connection: [journal.place_of(connection, place.number) for place in places]
        )
        return all(here.event_id == place.event_id for here, place in zip(held, places, strict=True))

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

    async def _once_a_day(self) -> None:
        today = self._settings.shop_days.day_of(self._context.clock.now())
        if today != self._looked_on:
            await self._context.write(_clear)
            await self._tell_unreadable()
            self._looked_on = today


async def forget_in_time(context: Context[CustomersTx, CustomersView], settings: CustomersSettings) -> None:
    """Look again and again, for ever."""
    forgetting = Forgetting(context, settings)
    while True:
        try:
            await forgetting.look()
        except (DatabaseFault, OSError) as fault:
            context.log.warning("not-forgotten-yet", fault=type(fault).__name__)
        await asyncio.sleep(settings.privacy_every_s)


def _settle(tx: CustomersTx, unsettled: list[Erased], waiting: list[Waiting]) -> None:
    if unsettled:
        write_off(tx, unsettled)
    let_go(tx, waiting)


def _clear(tx: CustomersTx) -> None:
    forget_what_had_its_time(tx)
    forget_old_merges(tx)


def _waiting_for(service: str, waiting: Iterable[Waiting]) -> Iterable[Waiting]:
    return [each for each in waiting if service in each.outstanding]
