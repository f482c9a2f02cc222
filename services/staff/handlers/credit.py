"""Who gets the credit: following checkout's sales, reports, and whom a register suggests."""

from contracts.checkout.completed import SaleCompleted
from contracts.checkout.crediting import AttributionChanged
from contracts.ids import RegisterId
from contracts.staff import StaffNotFound
from contracts.staff.credit import GetStaffSales, StaffSales, StaffSuggestions, SuggestStaff
from contracts.staff.signing_on import GetStaffLabel, IdentifyBadge, StaffLabel, StaffNamed
from services.staff.model.credit import by_period, check_period, credited, sales_in, turnover
from services.staff.model.suggestions import suggest
from services.staff.store.credit import CreditStore
from services.staff.store.people import StaffStore
from services.staff.transactions import StaffTx, StaffView


def on_sale_completed(event: SaleCompleted, tx: StaffTx) -> None:
    """The sale counts for its cashier and for everybody its lines are attributed to."""
    tx.credits.put(event, sales_in(event.transaction_kind), turnover(event), credited(event.lines))


def on_attribution_changed(event: AttributionChanged, tx: StaffTx) -> None:
    """The sale counts for those its lines are attributed to by now, and no more for those before."""
    tx.credits.replace(event, sales_in(event.transaction_kind), credited(event.lines))


def wipe(tx: StaffTx) -> None:
    """Forget all credit before the journal is replayed."""
    tx.credits.wipe()


async def get_staff_sales(query: GetStaffSales, view: StaffView) -> StaffSales:
    """Sales by attributed staff or by cashier, returns taken off; persons are told apart only where that is allowed.

    Rejections:
        PermissionDenied, ApprovalNeeded: persons were asked for without ``staff.report_person``.
        Malformed: the period is none, or longer than 366 days.
    """
    if query.by_person or query.staff_id is not None:
        view.prove_may("staff.report_person")
    check_period(query.from_day, query.to_day)
    days = await view.read(lambda connection: CreditStore(connection).sales(query))
    return StaffSales(query.credit, by_period(days, query.per))


async def suggest_staff(query: SuggestStaff, view: StaffView) -> StaffSuggestions:
    """Whom to credit at the asking register: those used lately there first, then by name."""
    members, lately = await view.read(
        lambda connection: (
            StaffStore(connection).all_members(),
            CreditStore(connection).lately(RegisterId(view.caller)),
        )
    )
    return suggest(members, lately, query.text)


async def identify_badge(query: IdentifyBadge, view: StaffView) -> StaffNamed:
    """Whose badge it is.

    Rejections:
        StaffNotFound: nobody who works here has it.
    """
    record = await view.read(lambda connection: StaffStore(connection).find_badge(query.badge))
    if record is None or not record.member.active:
        raise StaffNotFound(field="badge")
    return StaffNamed(record.member.staff_id, record.member.name, record.member.short_name)


async def get_staff_label(query: GetStaffLabel, view: StaffView) -> StaffLabel:
    """What receipts call somebody, also after they left.

    Rejections:
        StaffNotFound: nobody has that id.
    """
    record = await view.read(lambda connection: StaffStore(connection).find(query.staff_id))
    if record is None:
        raise StaffNotFound(staff_id=query.staff_id)
    return StaffLabel(record.member.short_name)
