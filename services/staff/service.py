"""How the staff service is put together: its routes, whom it follows, what it retains."""

from pathlib import Path

from contracts.checkout import SaleCompleted
from contracts.staff import AddOwner, CreateStaff, GetAttributedTotals, ListStaff, SignOff, SignOn
from services.runtime.service import Follow, Service, command, query
from services.staff import handlers
from services.staff.pins import Pins
from services.staff.settings import StaffSettings
from services.staff.transactions import StaffTx, StaffView, TokenKey


def staff(settings: StaffSettings) -> Service[StaffTx, StaffView]:
    """Put the staff service together; nothing runs from here."""
    pins = Pins()
    key = TokenKey()
    return Service(
        name="staff",
        migrations=Path(__file__).parent / "migrations",
        transaction=lambda scope, around, request: StaffTx(scope, around, request, settings, key),
        view=lambda around, request: StaffView(around, request, pins, key),
        routes=(
            command(
                CreateStaff,
                handlers.create_staff,
                prepare=handlers.prepare_create_staff,
                rebuild=handlers.staff_file_again,
            ),
            command(
                AddOwner, handlers.add_owner, prepare=handlers.prepare_add_owner, rebuild=handlers.staff_file_again
            ),
            query(ListStaff, handlers.list_staff),
            command(SignOn, handlers.sign_on, prepare=handlers.prepare_sign_on, rebuild=handlers.signed_on_again),
            command(SignOff, handlers.sign_off),
            query(GetAttributedTotals, handlers.get_attributed_totals),
        ),
        follows=(
            Follow(
                "checkout",
                "attributed-totals",
                "projection",
                on={SaleCompleted: handlers.on_sale_completed},
                wipe=handlers.wipe_totals,
            ),
        ),
        shown=handlers.shown,
        snapshot=handlers.snapshot,
        workers=(key.read,),
    )
