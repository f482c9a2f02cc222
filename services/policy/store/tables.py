"""The tables of the policy service. The comment of each one that names a sale or staff names its eraser."""

from sqlalchemy import Boolean, Column, ColumnElement, ForeignKey, Index, Integer, MetaData, Table, Text, or_

METADATA = MetaData()

_ERASER = "Eraser: DecisionStore.fade"
_FADED = "Null once faded."
_LIST = "Rules, with commas between."
_CODES = "Codes that were settled, with commas between."


def _any_of(*columns: Column[str]) -> ColumnElement[bool]:
    return or_(*(column.is_not(None) for column in columns))


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
    Column("sale_id", Text, comment=_FADED),
    Column("register", Text, nullable=False),
    Column("staff_id", Text, comment=_FADED),
    Column("decided_at", Text, nullable=False),
    Column("settings_revision", Integer, comment="Null where policy did not answer."),
    Column("outcome", Text, nullable=False),
    Column("tender_kind", Text),
    Column("total", Integer, nullable=False, comment="Minor units, tax included."),
    Column("transaction_kind", Text, nullable=False),
    Column("journal_number", Integer, comment="Where checkout's journal tells of it."),
    Column("business_day", Text),
    Column("hour", Integer, comment="0 to 23 of the shop's wall clock."),
    Column("goods_lines", Integer, comment="Null, as all facts, for decisions of before facts were kept."),
    Column("unattributed_lines", Integer),
    Column("signed_on", Boolean),
    Column("item_tags", Text, comment="With commas between."),
    Column("has_first_name", Boolean),
    Column("has_last_name", Boolean),
    Column("has_email", Boolean),
    Column("has_phone", Boolean),
    Column("placeholder", Boolean),
    Column("customer_group", Text, comment="Null without a customer."),
    Column("skipped", Text, comment=_CODES),
    Column("waived", Text, comment=_CODES),
    Column("rechecked_outcome", Text, comment="Where policy was away: what it says afterwards."),
    Column("rechecked_revision", Integer),
    Column("passed_by", Text, comment="Who let money be taken without policy. " + _FADED),
    comment=f"{_ERASER}, which takes staff and sale ids away after the days that the settings keep.",
    sqlite_with_rowid=False,
)
decision_named = _any_of(decision.c.staff_id, decision.c.sale_id)
Index("decision_not_faded", decision.c.decided_at, sqlite_where=decision_named, postgresql_where=decision_named)
Index("decision_time", decision.c.decided_at)
Index("decision_day", decision.c.business_day)
Index(
    "decision_sale",
    decision.c.sale_id,
    sqlite_where=decision.c.sale_id.is_not(None),
    postgresql_where=decision.c.sale_id.is_not(None),
)

decision_item = Table(
    "decision_item",
    METADATA,
    Column("decision_id", Text, ForeignKey("decision.decision_id"), primary_key=True),
    Column("field", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("satisfied", Boolean, nullable=False),
    Column("code", Text, nullable=False),
    Column("settled", Text),
    Column("anew", Boolean, comment="The first like it of this sale and customer."),
    sqlite_with_rowid=False,
)

prompt_skip = Table(
    "prompt_skip",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("sale_id", Text, comment=_FADED),
    Column("register", Text, nullable=False),
    Column("business_day", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("staff_id", Text, comment=_FADED),
    Column("skipped_at", Text, nullable=False),
    comment=f"Prompts that staff skipped. {_ERASER}.",
    sqlite_with_rowid=False,
)
skip_named = _any_of(prompt_skip.c.staff_id, prompt_skip.c.sale_id)
Index("prompt_skip_day", prompt_skip.c.business_day)
Index("prompt_skip_not_faded", prompt_skip.c.skipped_at, sqlite_where=skip_named, postgresql_where=skip_named)

policy_exception = Table(
    "policy_exception",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("sale_id", Text, comment=_FADED),
    Column("register", Text, nullable=False),
    Column("business_day", Text, nullable=False),
    Column("staff_id", Text, comment=f"The cashier. {_FADED}"),
    Column("approved_by", Text, comment=_FADED),
    Column("receipt_number", Text, comment="Null before completion, and once faded: it names the sale."),
    Column("fields", Text, nullable=False, comment=_LIST),
    Column("rechecked", Text, comment="What policy says afterwards."),
    comment=f"Waivers, and sales that were completed with a flag. {_ERASER}.",
    sqlite_with_rowid=False,
)
exception_named = _any_of(
    policy_exception.c.staff_id,
    policy_exception.c.sale_id,
    policy_exception.c.approved_by,
    policy_exception.c.receipt_number,
)
Index("policy_exception_day", policy_exception.c.business_day)
Index("policy_exception_time", policy_exception.c.at, policy_exception.c.event_id, policy_exception.c.kind)
Index(
    "policy_exception_sale",
    policy_exception.c.sale_id,
    sqlite_where=policy_exception.c.sale_id.is_not(None),
    postgresql_where=policy_exception.c.sale_id.is_not(None),
)

staff_role = Table(
    "staff_role",
    METADATA,
    Column("role", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("may_waive", Boolean, nullable=False, comment="Alone, and as an approver."),
    comment="What staff tells of roles, as far as policy tells it on. No personal data.",
    sqlite_with_rowid=False,
)
