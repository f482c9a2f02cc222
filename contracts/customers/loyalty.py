"""The loyalty programme: on which terms points are earned, what they are worth, and who has joined."""

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Message, Query, Rejection, Reply
from contracts.customers import CustomerNotFound, GroupId, PlaceholderHoldsNothing, RevisionConflict
from contracts.ids import CustomerId, Timestamp, Version
from contracts.money import LARGEST

RedeemAs = Literal["discount", "tender"]
PointRate = Annotated[Decimal, Meta(description="Points for each currency unit (euro) spent, a decimal in a string.")]


class LoyaltyTermsChanged(Rejection):
    """Those are not the terms in force; show the person the ones that are."""


class LoyaltyOff(Rejection):
    """The store has no loyalty programme."""


class TermsVersionUsed(Rejection):
    """Other terms had that version, and members accepted them; give these a version of their own."""


class RateInvalid(Rejection):
    """A rate is 0 to 10000 points a currency unit, with at most four places."""


class GroupRate(Message, frozen=True, forbid_unknown_fields=True):
    """What a group earns instead of the usual rate."""

    group: GroupId
    points_per_unit: PointRate


class LoyaltyProgramme(Reply, frozen=True):
    """The programme in force; ``on`` False means that nobody earns. Points already earned stay, and can be redeemed.

    ``point_value`` is what one point is worth in minor units. ``dormant_days`` None means that points never expire.
    """

    revision: int
    on: bool
    terms_version: Version
    points_per_unit: PointRate
    group_rates: tuple[GroupRate, ...]
    point_value: int
    redeem_as: RedeemAs
    sign_up_bonus: int
    dormant_days: int | None


class GetLoyaltyProgramme(Query[LoyaltyProgramme], frozen=True):
    """Read the loyalty programme in force."""

    asked_by = ("register", "backoffice", "hub", "checkout")


class SetLoyaltyProgramme(Command[LoyaltyProgramme], frozen=True):
    """Put other terms in force, for sales from now on; ``expected_revision`` is 0 where there was no programme.

    A ``terms_version`` stands for the same terms for ever: all of this but ``on``.
    """

    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"
    rejections = (RevisionConflict, RateInvalid, TermsVersionUsed)

    expected_revision: int
    on: bool
    terms_version: Version
    points_per_unit: PointRate
    group_rates: Annotated[tuple[GroupRate, ...], Meta(max_length=200)] = ()
    point_value: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    redeem_as: RedeemAs = "discount"
    sign_up_bonus: Annotated[int, Meta(ge=0, le=LARGEST)] = 0
    dormant_days: Annotated[int, Meta(ge=1, le=36500)] | None = None


class LoyaltyMembership(Reply, frozen=True):
    """Since when, and on which terms, a customer is in the programme."""

    customer_id: CustomerId
    terms_version: Version
    joined_at: Timestamp
    bonus: int


class JoinLoyalty(Command[LoyaltyMembership], frozen=True):
    """Take a customer into the programme on the terms they were shown. The sign-up bonus is given once for ever.

    Whoever is in already is answered as before; with newer terms, those are noted, too.
    """

    lane: ClassVar = "customer_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "customer.edit"
    rejections = (CustomerNotFound, PlaceholderHoldsNothing, LoyaltyOff, LoyaltyTermsChanged)

    customer_id: CustomerId
    terms_version: Version
