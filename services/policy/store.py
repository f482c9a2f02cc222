"""Policy's tables: every revision of the settings, and what was decided about which sale.

Belongs here: tables and queries, rows to contract objects and back. Never here: rules, topics, replies.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    insert,
    or_,
    select,
    update,
)

from contracts.checkout import CheckoutDecided
from contracts.policy import PolicySettings
from services.policy.model import FIRST_REVISION, settings_hash
from services.runtime.clock import read_stamp, stamp

METADATA = MetaData()

settings_revision = Table(
    "settings_revision",
    METADATA,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("settings", Text, nullable=False, comment="The settings as JSON, as the contract has them."),
    Column("settings_hash", Text, nullable=False),
    Column("staff_id", Text, nullable=False, comment="Who put them in force."),
    Column("client", Text, nullable=False, comment="The login that they did it from."),
    Column("set_at", Text, nullable=False),
    comment="Never changed nor deleted: the store must be able to say by which settings it asked for what. "
    "Holds a staff id as the only trace of a person.",
)

decision = Table(
    "decision",
    METADATA,
    Column("decision_id", Text, primary_key=True),
    Column("sale_id", Text, comment="Null once faded."),
    Column("register", Text, nullable=False),
    Column("staff_id", Text, comment="Null once faded."),
    Column("decided_at", Text, nullable=False),
    Column("settings_revision", Integer, comment="Null where policy did not answer."),
    Column("outcome", Text, nullable=False),
    Column("tender_kind", Text),
    Column("total", Integer, nullable=False, comment="Minor units, tax included."),
    Column("transaction_kind", Text, nullable=False),
    comment="Eraser: DecisionStore.fade, which takes staff and sale ids away after the days that the settings keep.",
    sqlite_with_rowid=False,
)
Index(
    "decision_not_faded",
    decision.c.decided_at,
    sqlite_where=or_(decision.c.staff_id.is_not(None), decision.c.sale_id.is_not(None)),
    postgresql_where=or_(decision.c.staff_id.is_not(None), decision.c.sale_id.is_not(None)),
)

decision_item = Table(
    "decision_item",
    METADATA,
    Column("decision_id", Text, ForeignKey("decision.decision_id"), primary_key=True),
    Column("field", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("satisfied", Boolean, nullable=False),
    Column("code", Text, nullable=False),
    sqlite_with_rowid=False,
)


class InForce(NamedTuple):
    """Settings and the revision they are."""

    revision: int
    settings: PolicySettings


class SettingsStore:
    """The settings, every revision kept."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def in_force(self) -> InForce:
        """The newest revision; a store that has set none has revision 0, all rules ``not_required``."""
        row = self._connection.execute(
            select(settings_revision.c.revision, settings_revision.c.settings)
            .order_by(settings_revision.c.revision.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            return InForce(FIRST_REVISION, PolicySettings())
        return InForce(row.revision, msgspec.json.decode(row.settings, type=PolicySettings))

    def add(self, new: InForce, *, staff_id: str, client: str, at: datetime) -> None:
        """Keep one more revision, with who put it in force from where and when."""
        self._connection.execute(
            insert(settings_revision).values(
                revision=new.revision,
                settings=msgspec.json.encode(new.settings).decode(),
                settings_hash=settings_hash(new.settings),
                staff_id=staff_id,
                client=client,
                set_at=stamp(at),
            )
        )


class DecisionStore:
    """What was decided about which sale, kept for reports."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, decided: CheckoutDecided) -> None:
        """Keep a decision with its items, once for each decision id."""
        known = self._connection.execute(
            select(decision.c.decision_id).where(decision.c.decision_id == decided.decision_id)
        ).one_or_none()
        if known is not None:
            return
        self._connection.execute(
            insert(decision).values(
                decision_id=decided.decision_id,
                sale_id=decided.sale_id,
                register=decided.register,
                staff_id=decided.staff_id,
                decided_at=stamp(read_stamp(decided.decided_at)),
                settings_revision=decided.settings_revision,
                outcome=decided.outcome,
                tender_kind=decided.tender_kind,
                total=decided.total,
                transaction_kind=decided.transaction_kind,
            )
        )
        if decided.items:
            self._connection.execute(
                insert(decision_item),
                [
                    {
                        "decision_id": decided.decision_id,
                        "field": item.field,
                        "level": item.level,
                        "satisfied": item.satisfied,
                        "code": item.code,
                    }
                    for item in decided.items
                ],
            )

    def fade(self, now: datetime, keep_days: int) -> int:
        """Take staff and sale ids away from decisions older than so many days; returns from how many."""
        return self._connection.execute(
            update(decision)
            .where(
                decision.c.decided_at < stamp(now - timedelta(days=keep_days)),
                or_(decision.c.staff_id.is_not(None), decision.c.sale_id.is_not(None)),
            )
            .values(staff_id=None, sale_id=None)
        ).rowcount
