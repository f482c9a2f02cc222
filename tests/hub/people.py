"""Who works in the shop on a real hub: cashiers and managers, and how a manager approves at a register."""

from typing import TypeVar

from contracts.base import Command, Reply
from contracts.ids import SaleId, StaffId
from contracts.policy import GetSettings, PolicySettings, SetSettings
from contracts.staff import CreateStaff, Permission, RoleId
from contracts.staff.approving import Approve
from contracts.staff.signing_on import SignOn
from services.hub.client import connected
from services.hub.keys import administrator_token
from services.runtime.requester import Refused
from services.runtime.tokens import Claims, TokenSigner
from tests.hub.shop import IDS, PIN, Register, Shop

R = TypeVar("R", bound=Reply)

WRONG_PIN = "10101010"


def owner_token(shop: Shop, *permissions: str) -> str:
    """A token of the hub's own login with the role of an owner, as whoever reads the signing key could make it."""
    claims = Claims(sub=IDS.new(), client="hub", session=0, role="owner", permissions=permissions, exp=4_102_444_800)
    return TokenSigner((shop.data / "secrets" / "staff-token.key").read_bytes()).sign(claims)


async def hire(shop: Shop, role: str, name: str = "Somebody", *, badge: str | None = None) -> StaffId:
    """Somebody new with that role."""
    staff_id = StaffId(IDS.new())
    token = owner_token(shop, "staff.edit")
    await shop.hub.ask(CreateStaff(staff_id, name, PIN, RoleId(role), badge=badge), token=token, patience_s=30)
    return staff_id


async def register_of(shop: Shop, name: str, staff_id: StaffId) -> Register:
    """A new register with that person signed on."""
    login = await shop.new_login(name)
    client = await shop._stack.enter_async_context(connected(login, shop.topics))  # noqa: SLF001 - it ends with the shop
    return await signed_on(Register(client, login, "", staff_id), staff_id)


async def signed_on(till: Register, staff_id: StaffId) -> Register:
    """The register with that person signed on."""
    session = await till.client.ask(SignOn(PIN, staff_id=staff_id), patience_s=30)
    return Register(till.client, till.login, session.token, staff_id)


async def cashier_at(shop: Shop, name: str) -> Register:
    """A new register with a new cashier."""
    return await register_of(shop, name, await hire(shop, "cashier"))


async def approved(
    till: Register, action: Permission, command: str, manager: StaffId, sale_id: SaleId | None = None
) -> str:
    """A manager types their PIN at the register; the approval for that command."""
    asked = Approve(action, command, PIN, sale_id=sale_id, staff_id=manager)
    return (await till.client.ask(asked, token=till.token, patience_s=30)).approval


async def send_approved(till: Register, command: Command[R], command_id: str, approval: str | None) -> R | str:
    """Send a command with an approval; the code where it is refused."""
    try:
        return await till.client.ask(command, message_id=command_id, token=till.token, approval=approval)
    except Refused as refusal:
        return refusal.rejected.code


async def put_in_force(shop: Shop, settings: PolicySettings) -> None:
    """Put other settings in force, whatever was."""
    token = administrator_token(shop.data, "policy.edit")
    now = await shop.hub.ask(GetSettings())
    await shop.hub.ask(SetSettings(now.revision, settings), token=token)
