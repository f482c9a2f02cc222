"""The tables. The comment of each that holds personal data names its eraser."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, Table, Text

METADATA = MetaData()

staff_member = Table(
    "staff_member",
    METADATA,
    Column("staff_id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("short_name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("badge", Text, unique=True),
    Column("pin_hash", Text, nullable=False, comment="argon2id in PHC string format."),
    Column("changed_at", Text, nullable=False),
    comment="Who works here. Eraser: StaffStore.erase, which leaves the id and the role.",
    sqlite_with_rowid=False,
)

sign_on_try = Table(
    "sign_on_try",
    METADATA,
    Column("register", Text, primary_key=True),
    Column("staff_id", Text, ForeignKey("staff_member.staff_id"), primary_key=True),
    Column("wrong", Integer, nullable=False, comment="Since the last right PIN or the last lock."),
    Column("locked_at", Text, comment="Null while not locked."),
    Column("last_wrong_at", Text, nullable=False),
    comment="Wrong tries that still count. Eraser: StaffStore.erase.",
    sqlite_with_rowid=False,
)

session = Table(
    "session",
    METADATA,
    Column("register", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="Gapless in its register."),
    Column("staff_id", Text, ForeignKey("staff_member.staff_id"), nullable=False),
    Column("role", Text, nullable=False, comment="As it was at sign-on; the token says the same."),
    Column("started_at", Text, nullable=False),
    Column("command_id", Text, nullable=False, comment="The sign-on's own id, by which its repetition is known."),
    Column("ended_at", Text),
    Column("end_reason", Text),
    comment="Who was signed on where. Holds a staff id as the only trace of a person; "
    "with them erased it leads to nobody.",
    sqlite_with_rowid=False,
)
Index("session_command", session.c.register, session.c.command_id, unique=True)
Index("session_alive", session.c.register, sqlite_where=session.c.ended_at.is_(None))

role = Table(
    "role",
    METADATA,
    Column("role", Text, primary_key=True),
    Column("revision", Integer, nullable=False, comment="Goes on where a removed role comes again."),
    Column("name", Text, nullable=False),
    Column("permissions", Text, nullable=False, comment="JSON: permission to allowed, needs_approval or denied."),
    Column("may_approve", Boolean, nullable=False),
    Column("built_in", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("changed_at", Text, nullable=False),
    comment="What each role may do. No personal data.",
    sqlite_with_rowid=False,
)

approval = Table(
    "approval",
    METADATA,
    Column("register", Text, primary_key=True),
    Column("command", Text, primary_key=True, comment="The id of the command that was let pass: once."),
    Column("session", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("sale_id", Text, comment="Null once faded."),
    Column("asked_by", Text, comment="Null once faded."),
    Column("approved_by", Text, nullable=False),
    Column("approved_at", Text, nullable=False),
    Column("approve_id", Text, nullable=False, comment="The approve's own id, by which its repetition is known."),
    Column("also", Text, nullable=False, comment="What was let pass besides the action, with commas between."),
    comment="Who let what pass. Holds staff ids as the only trace of persons; with them erased they lead to nobody. "
    "Eraser of who asked and about which sale: ApprovalStore.fade.",
    sqlite_with_rowid=False,
)
Index("approval_approve", approval.c.register, approval.c.approve_id, unique=True)
Index("approval_approved_by", approval.c.approved_by)
Index("approval_not_faded", approval.c.approved_at, sqlite_where=approval.c.asked_by.is_not(None))

attributed_sale = Table(
    "attributed_sale",
    METADATA,
    Column("business_day", Text, primary_key=True),
    Column("staff_id", Text, primary_key=True, comment="May be unknown here: the sale is the truth."),
    Column("sale_id", Text, primary_key=True),
    Column("sales", Integer, nullable=False, comment="1, or 0 for a return."),
    Column("amount", Integer, nullable=False, comment="Minor units, tax included: their shares of the sale's lines."),
    comment="Projection of checkout's journal: wiped and replayed it has the same rows. Holds ids and amounts only; "
    "with the staff member erased, an id leads to nobody.",
    sqlite_with_rowid=False,
)

cashier_sale = Table(
    "cashier_sale",
    METADATA,
    Column("business_day", Text, primary_key=True),
    Column("staff_id", Text, primary_key=True, comment="The cashier."),
    Column("sale_id", Text, primary_key=True),
    Column("sales", Integer, nullable=False, comment="1, or 0 for a return."),
    Column("amount", Integer, nullable=False, comment="Minor units, tax included: the sale's total."),
    comment="Projection of checkout's journal, beside attributed_sale: who rang the sale up. Holds ids and amounts "
    "only; with the staff member erased, an id leads to nobody.",
    sqlite_with_rowid=False,
)

lately_credited = Table(
    "lately_credited",
    METADATA,
    Column("register", Text, primary_key=True),
    Column("staff_id", Text, primary_key=True),
    Column("credited_at", Text, nullable=False, comment="When their newest sale at that register was completed."),
    comment="Projection of checkout's journal, beside attributed_sale: whom a register suggests first. Holds ids only; "
    "with the staff member erased, an id leads to nobody.",
    sqlite_with_rowid=False,
)
