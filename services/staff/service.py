"""How the staff service is put together: its routes, whom it follows, what it retains, and its workers."""

from pathlib import Path

from contracts.checkout.completed import SaleCompleted
from contracts.checkout.crediting import AttributionChanged
from contracts.every_service import SessionUsed
from contracts.staff import AddOwner, CreateStaff, ListStaff, UpdateStaff
from contracts.staff.approving import Approve
from contracts.staff.credit import GetStaffSales, SuggestStaff
from contracts.staff.privacy import EraseStaff, ExportStaff
from contracts.staff.roles import ListRoles, PutRole, RemoveRole
from contracts.staff.signing_on import GetStaffLabel, IdentifyBadge, Lock, SignOff, SignOn
from services.runtime.service import Follow, Service, command, query
from services.staff.fading import fade
from services.staff.handlers import approvals, credit, exports, people, retained, roles, signing_on
from services.staff.idle import LastUses
from services.staff.idle_lock import IdleLock
from services.staff.pins import Pins
from services.staff.settings import StaffSettings
from services.staff.transactions import Shared, StaffTx, StaffView, TokenKey


def staff(settings: StaffSettings) -> Service[StaffTx, StaffView]:
    """Put the staff service together; nothing runs from here."""
    shared = Shared(settings, Pins(), TokenKey(), LastUses())
    return Service(
        name="staff",
        migrations=Path(__file__).parent / "migrations",
        transaction=lambda scope, around, request: StaffTx(scope, around, request, shared),
        view=lambda around, request: StaffView(around, request, shared),
        routes=(
            command(
                CreateStaff, people.create_staff, prepare=people.prepare_create_staff, rebuild=people.staff_file_again
            ),
            command(AddOwner, people.add_owner, prepare=people.prepare_add_owner, rebuild=people.staff_file_again),
            command(
                UpdateStaff, people.update_staff, prepare=people.prepare_update_staff, rebuild=people.staff_file_again
            ),
            command(EraseStaff, people.erase_staff),
            command(ExportStaff, exports.export_staff, rebuild=exports.staff_export_again),
            query(ListStaff, people.list_staff),
            query(ListRoles, roles.list_roles),
            command(PutRole, roles.put_role),
            command(RemoveRole, roles.remove_role),
            command(SignOn, signing_on.sign_on, prepare=signing_on.prepare_sign_on, rebuild=signing_on.signed_on_again),
            command(SignOff, signing_on.sign_off),
            command(Lock, signing_on.lock),
            command(Approve, approvals.approve, prepare=approvals.prepare_approve, rebuild=approvals.approved_again),
            query(IdentifyBadge, credit.identify_badge),
            query(GetStaffLabel, credit.get_staff_label),
            query(SuggestStaff, credit.suggest_staff),
            query(GetStaffSales, credit.get_staff_sales),
        ),
        follows=(
            Follow(
                "checkout",
                "attributed-totals",
                "projection",
                on={
                    SaleCompleted: credit.on_sale_completed,
                    AttributionChanged: credit.on_attribution_changed,
                },
                wipe=credit.wipe,
            ),
        ),
        shown=retained.shown,
        snapshot=retained.snapshot,
        workers=(shared.key.read, IdleLock(settings, shared.uses).run, fade),
        hears={SessionUsed: shared.uses.hear},
        start=roles.start,
    )
