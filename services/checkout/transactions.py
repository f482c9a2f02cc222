"""What checkout's handlers are given: a transaction with checkout's stores, and a view of what is committed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from contracts.checkout import RegisterSale, Sale, Share
from contracts.checkout.catalogue import Item
from contracts.checkout.crediting import StaffUnknown
from contracts.checkout.reading import StoreData
from contracts.checkout.redeeming import RedemptionRemoved
from contracts.customers import CustomerFacts
from contracts.customers.merging import MergeId
from contracts.ids import CustomerId, LineItemId, RegisterId, SaleId, StaffId
from services.checkout.asking import Asking
from services.checkout.current import Current
from services.checkout.model.business_day import business_day, is_clock_unsure, local_day
from services.checkout.model.decisions import KnownPolicy
from services.checkout.model.items import PricedItem, priced
from services.checkout.model.sale import Ending, OpenedSale
from services.checkout.store import reading
from services.checkout.store.catalogue import CatalogueStore, RememberedCatalogue
from services.checkout.store.credit import CreditStore
from services.checkout.store.custom import CustomValueStore
from services.checkout.store.ended_sales import EndedSale, EndedSales
from services.checkout.store.final_rows import Ended
from services.checkout.store.policies import KnownPolicyStore
from services.checkout.store.registers import RegisterStore
from services.checkout.store.sales import Header, Opened, SaleStore
from services.checkout.store.settled import SettledStore
from services.checkout.store.signed_on import SignedOn, SignedOnStore
from services.checkout.store.staff import KnownStaffStore
from services.checkout.store.unwiped import UnwipedStore
from services.runtime.clock import read_stamp, stamp
from services.runtime.settings import RuntimeSettings
from services.runtime.transactions import Request, StaleFacts, Surroundings, Tx, View
from services.runtime.writer import Scope

SOFTWARE_VERSION: Final = RuntimeSettings("checkout", "store", Path()).version


class CheckoutTx(Asking, Tx):
    """A transaction with checkout's stores."""

    def __init__(self, scope: Scope, around: Surroundings, request: Request, current: Current) -> None:
        super().__init__(scope, around, request)
        self._current = current
        self.settings = current.settings
        self.sales = SaleStore(self.connection)
        self.registers = RegisterStore(self.connection)
        self.stored_items = CatalogueStore(self.connection)
        self.items = RememberedCatalogue(self.stored_items, current.catalogue, self.after_commit)
        self.policies = KnownPolicyStore(self.connection)
        self.credit = CreditStore(self.connection)
        self.settled = SettledStore(self.connection)
        self.custom_values = CustomValueStore(self.connection)
        self.unwiped = UnwipedStore(self.connection)
        self.staff = KnownStaffStore(self.connection)
        self.sessions = SignedOnStore(self.connection)

    def prove_staff(self, shares: Sequence[Share]) -> None:
        """Check that whoever gets credit works here: whoever is signed on does, heard of or not.

        As long as nothing was heard of staff, everybody may.

        Rejections:
            StaffUnknown: somebody does not.
        """
        others = [share.staff_id for share in shares if share.staff_id != self.staff_id]
        unknown = self.staff.first_unknown(others) if others else None
        if unknown is not None:
            raise StaffUnknown(field="shares", staff_id=unknown)

    @property
    def day(self) -> str:
        """Today on the shop's wall: the day whose prices and rates count."""
        return local_day(self.now, self.settings.zone)

    @property
    def header(self) -> Header:
        """What a sale that is opened now keeps of the shop; its register's serial is filled in."""
        return Header(self.settings.time_zone, "", SOFTWARE_VERSION, self._current.store_data_version)

    @property
    def hour(self) -> int:
        """The hour on the shop's wall, 0 to 23."""
        return self.now.astimezone(self.settings.zone).hour

    def business_day(self) -> str:
        """Which day in the books it is."""
        return business_day(self.now, self.settings.zone, self.settings.cut_off)

    def ending(self) -> Ending:
        """That a sale ends now, by whoever is signed on."""
        return Ending(stamp(self.now), self.business_day(), self.staff_id, self.is_clock_unsure())

    def is_clock_unsure(self) -> bool:
        """Whether the clock was never set or runs behind what was recorded last."""
        return is_clock_unsure(self.now, _read(self.last_recorded_at))

    def priced(self, item: Item) -> PricedItem:
        """What an item costs today and how it is taxed here.

        Rejections:
            ItemHasNoPrice: no price or rate is valid today.
        """
        return priced(item, self.day, self.settings.country, self.items.taxes)

    def charges(self, item: Item, line_item_id: LineItemId) -> list[tuple[LineItemId, PricedItem]]:
        """What is charged along with an item, each under an id that follows from the line's.

        Rejections:
            ItemHasNoPrice: a charge has no price today.
        """
        return [
            (LineItemId(self.ids.derived(line_item_id, f"charge/{code}")), self.priced(self.items.find(code)))
            for code in item.linked
        ]

    def keep(self, opened: Opened) -> Sale:
        """Keep what changed on an open sale, tell which points it let go, and show it to its register.

        Whoever changes it is signed on, heard of or not.
        """
        self.learn_who_is_here()
        for agreed in opened.sale.take_let_go():
            self.record(
                RedemptionRemoved(
                    sale_id=opened.sale.sale_id,
                    register=opened.sale.register,
                    redemption_id=agreed.redemption_id,
                    amount=agreed.amount,
                    removed_at=stamp(self.now),
                    staff_id=self.staff_id if self.is_signed_on else None,
                    reserved=agreed.reserved,
                )
            )
        self.sales.put(opened.sale)
        return self.show_opened(opened)

    def show_opened(self, opened: Opened) -> Sale:
        """Show an open sale to its register."""
        state = opened.sale.state()
        self.show_private(RegisterSale(opened.state_revision, state, self.settings.language), state.register)
        return state

    def end(self, opened: Opened, as_told: Sale, ended: Ended) -> None:
        """Keep an ended sale for ever and show its register that none is open."""
        self.sales.end(opened.sale, as_told, ended)
        self.registers.keep_state_revision(as_told.register, opened.state_revision)
        self.show_private(RegisterSale(opened.state_revision, None, self.settings.language), as_told.register)

    def sale(self, sale_id: SaleId) -> Sale:
        """A sale of the asking register, open or ended.

        Rejections:
            SaleNotFound: it has no such sale.
        """
        return reading.sale(self.connection, sale_id, self.caller)

    def completed_sale(self, sale_id: SaleId) -> Sale:
        """A completed sale of the asking register.

        Rejections:
            SaleNotFound: it has no such sale.
            SaleNotCompleted: it is open or was voided.
        """
        return reading.completed_sale(self.connection, sale_id, self.caller)[0].sale

    def refresh_customer(self, facts: CustomerFacts) -> None:
        """Let the customer's open sales know what has become known of them, and what is being asked for know too."""
        self._current.heard_changes.hear(facts)
        for opened in self.sales.open_of(facts.customer_id):
            if opened.sale.refresh_customer(facts):
                self.keep(opened)

    def hear_merge(self, merge_id: MergeId, loser_id: CustomerId, survivor: CustomerFacts) -> None:
        """Open sales of the loser are the survivor's from now on."""
        self._current.heard_changes.hear_end(loser_id)
        self._current.heard_changes.hear(survivor)
        for opened in self.sales.open_of(loser_id):
            opened.sale.take_survivor(survivor, merge_id)
            self.keep(opened)

    def hear_parting(self, merge_id: MergeId, survivor_id: CustomerId, loser: CustomerFacts | None) -> None:
        """Open sales that were the loser's before the merge are theirs again."""
        for opened in self.sales.open_of(survivor_id):
            if opened.sale.give_back(merge_id, loser):
                self.keep(opened)

    def hear_erasure(self, customer_id: CustomerId) -> None:
        """Open sales of the customer are nobody's, and what the shop's own fields hold of theirs is gone."""
        self._current.heard_changes.hear_end(customer_id)
        still_open = self.sales.open_of(customer_id)
        if self.custom_values.forget(customer_id) or still_open:
            self.unwiped.note(stamp(self.now))
            self.after_commit(self._current.deleted.set)
        for opened in still_open:
            opened.sale.forget_customer()
            self.keep(opened)

    def prove_newest(self, facts: CustomerFacts, asked_at: int) -> None:
        """Check that nothing newer was heard of a customer since they were asked about.

        Raises:
            StaleFacts: something was.
        """
        if self._current.heard_changes.outdate(facts, asked_at):
            raise StaleFacts

    @property
    def known_policy(self) -> KnownPolicy:
        """What was last heard of policy's settings."""
        return self._current.known_policy

    def hear_settings(self, known: KnownPolicy) -> None:
        """Remember that other settings are in force; policy's journal is in order, so they are the newest."""
        self._current.settings_heard += 1
        self.policies.put(known)
        self.have_in_mind(known)

    def learn_policy(self, said: KnownPolicy, settings_heard: int) -> None:
        """Remember what policy just said, for when it is away.

        An answer that was asked for before newer settings were heard of is late and teaches nothing. Any other
        is believed, of a lower revision too: policy may have been restored.
        """
        known = self._current.known_policy
        is_late = self._current.settings_heard > settings_heard and said.revision < known.revision
        if said != known and not is_late:
            self.policies.put(said)
            self.have_in_mind(said)

    def have_in_mind(self, known: KnownPolicy) -> None:
        """Let what follows know of policy's settings, committed here or not: policy has committed them."""
        self._current.known_policy = known

    def hear_session(self, register: RegisterId, heard: SignedOn) -> None:
        """Know of a register's session, unless it is older than what is known, or is known to have ended."""
        known = self._current.signed_on.get(register)
        ended = known is not None and known.session == heard.session and known.staff_id is None
        if known is not None and (known.session > heard.session or ended or known == heard):
            return
        self.sessions.put(register, heard)
        self.after_commit(lambda: self._current.signed_on.update({register: heard}))

    def learn_who_is_here(self) -> None:
        """Know who is signed on at the asking register by their token; they may have signed on before that was kept.

        What is applied from a journal, and what a scanner does, has no token and teaches nothing.
        """
        if self.claims is not None:
            sells = "sale.sell" in self.claims.permissions
            self.hear_session(self.register, SignedOn(self.claims.session, StaffId(self.claims.subject), sells))

    def remember_sessions(self) -> None:
        """Have in mind who is signed on where, as the database knows it."""
        self._current.signed_on = self.sessions.all()

    def use_scanned(self) -> None:
        """Whoever scans uses the session of the register, which is not locked meanwhile."""
        self.use_session(self.register, self._current.signed_on[self.register].session)

    def put_store_data_in_force(self, version: int) -> None:
        """Let sales that are opened after the commit name this version of who sells."""
        self.after_commit(lambda: setattr(self._current, "store_data_version", version))


class CheckoutView(Asking, View):
    """Reads what is committed."""

    def __init__(self, around: Surroundings, request: Request, current: Current) -> None:
        super().__init__(around, request)
        self._current = current
        self.settings = current.settings

    @property
    def known_policy(self) -> KnownPolicy:
        """What was last heard of policy's settings."""
        return self._current.known_policy

    @property
    def changes_heard(self) -> int:
        """How many changes of customers were heard; taken before one is asked about."""
        return self._current.heard_changes.count

    @property
    def settings_heard(self) -> int:
        """How often other settings were heard of; taken before policy is asked."""
        return self._current.settings_heard

    async def opened(self, sale_id: SaleId) -> OpenedSale:
        """An open sale of the asking register.

        Rejections:
            SaleNotFound, SaleNotOpen.
        """
        register = self.register
        opened = await self.read(lambda connection: SaleStore(connection).get(sale_id, register))
        return opened.sale

    async def open_here(self) -> OpenedSale | None:
        """The sale that is open on the register."""
        register = self.register
        opened = await self.read(lambda connection: SaleStore(connection).open_on(register))
        return None if opened is None else opened.sale

    async def sale(self, sale_id: SaleId) -> Sale:
        """A sale, open or ended. Only the hub and services see all; any other caller sees its own register's.

        Rejections:
            SaleNotFound: there is no such sale for the caller.
        """
        return await self.read(lambda connection: reading.sale(connection, sale_id, self.caller))

    async def completed_sale(self, sale_id: SaleId) -> tuple[EndedSale, StoreData]:
        """A completed sale, and who sold. Who sees which is as with ``sale``.

        Rejections:
            SaleNotFound: there is no such sale for the caller.
            SaleNotCompleted: it is open or was voided.
        """
        return await self.read(lambda connection: reading.completed_sale(connection, sale_id, self.caller))

    async def completed_after(self, number: int, up_to: int, limit: int) -> list[EndedSale]:
        """Completed sales in the order of the journal, after one number and up to another."""
        return await self.read(lambda connection: EndedSales(connection).completed_after(number, up_to, limit))

    async def settled_long_ago(self, limit: int) -> list[SaleId]:
        """Some of the sales whose skips and waivers are older than the settings keep them."""
        before = stamp(self.now - timedelta(days=self.settings.skips_kept_days))
        return await self.read(lambda connection: SettledStore(connection).of_before(before, limit))

    async def unwiped_since(self) -> str | None:
        """When something of an erased customer was last deleted whose bytes are still in the files."""
        return await self.read(lambda connection: UnwipedStore(connection).since())

    async def register_states(self) -> tuple[list[Opened], list[tuple[RegisterId, int]]]:
        """The open sales, and the registers that have none with the revision of their state."""
        return await self.read(
            lambda connection: (SaleStore(connection).all_open(), RegisterStore(connection).without_sale())
        )


def _read(text: str | None) -> datetime | None:
    return None if text is None else read_stamp(text)
