"""One register, several people: the open sale stays, whoever signs on."""

from contracts.checkout import RegisterSale, Sale
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import OpenSale, VoidSale
from contracts.ids import SaleId
from contracts.staff.approving import Approve, Approved
from contracts.staff.signing_on import Lock, SignOn
from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from services.runtime.ids import RandomIds
from tests.services.staff.examples import JONAS, JONAS_PIN, NORA, NORAS_PIN, code, signed_on
from tests.under_test import StoreUnderTest, until

SALE = SaleId("0198c0de-0000-7000-8000-00000000000d")


async def test_quick_switch_and_lock_keep_the_open_sale(staffed: StoreUnderTest) -> None:
    await staffed.start(checkout(CheckoutSettings()))
    jonas = await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))
    opened = await staffed.send(OpenSale(SALE), token=jonas.token)
    assert isinstance(opened, Sale)

    nora = await signed_on(staffed, SignOn(NORAS_PIN, staff_id=NORA))
    await staffed.followed("staff", "checkout")
    switched = await staffed.send(GetSale(SALE), token=nora.token)
    await staffed.send(Lock())
    again = await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))
    unlocked = await staffed.send(GetSale(SALE), token=again.token)

    assert isinstance(switched, Sale)
    assert isinstance(unlocked, Sale)
    assert (switched.status, unlocked.status) == ("open", "open")
    await until(lambda: staffed.retained(RegisterSale, register="till-1"))
    assert staffed.retained(RegisterSale, register="till-1").sale.sale_id == SALE


async def test_a_cashiers_void_is_done_once_a_manager_has_approved_it(staffed: StoreUnderTest) -> None:
    await staffed.start(checkout(CheckoutSettings()))
    token = (await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))).token
    await staffed.send(OpenSale(SALE), token=token)
    void, message_id = VoidSale(SALE, "test"), RandomIds().new()

    alone = await staffed.send(void, token=token)
    given = await staffed.send(Approve("sale.void", message_id, NORAS_PIN, SALE, NORA), token=token)
    assert isinstance(given, Approved)
    done = await staffed.send(void, token=token, approval=given.approval, message_id=message_id)

    assert code(alone) == "approval-needed"
    assert isinstance(done, Sale)
    assert done.status == "voided"
