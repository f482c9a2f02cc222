"""What an undone merge had brought is taken back: terms name their merge, consents are whose they were."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column(
        "account_terms",
        sa.Column("there", sa.Boolean(), nullable=False, server_default=sa.true(), comment="False: none any more."),
    )
    op.add_column("account_terms", sa.Column("transfer_id", sa.Text(), comment="The merge that brought them."))
    # A migration loses no row: what a merge had copied is whose it was said by; of the erased, no address stays.
    op.execute(
        "UPDATE consent SET customer_id = (SELECT loser_id FROM customer_merge "
        "WHERE customer_merge.merge_id = consent.merge_id) "
        "WHERE merge_id IN (SELECT merge_id FROM customer_merge WHERE undone_at IS NOT NULL)"
    )
    op.execute(
        "UPDATE consent SET address = '' WHERE merge_id IN (SELECT merge_id FROM customer_merge WHERE undone_at IS NOT "
        "NULL) AND customer_id IN (SELECT customer_id FROM erased_customer)"
    )
    # Merges that were undone below later ones left details of who had gone in what those kept.
    op.execute(
        "UPDATE customer_merge SET kept = NULL, loser_mark = NULL WHERE kept IS NOT NULL AND EXISTS ("
        "SELECT 1 FROM customer_merge AS inner_one WHERE inner_one.undone_at >= customer_merge.merged_at "
        "AND inner_one.merged_at <= customer_merge.merged_at AND inner_one.survivor_id = customer_merge.survivor_id "
        "AND inner_one.merge_id <> customer_merge.merge_id)"
    )
    # What was kept for a sale when a merge was undone may still be where it was: it is looked at once more.
    op.create_table(
        "merge_rest",
        sa.Column("merge_id", sa.Text(), nullable=False, comment="An undone one."),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merge_id", "ledger"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO merge_rest (merge_id, ledger) SELECT DISTINCT merge_id, ledger FROM customer_merge "
        "JOIN ledger_entry ON ledger_entry.transfer_id = customer_merge.merge_id "
        "WHERE undone_at IS NOT NULL AND ledger IN ('store_credit', 'loyalty')"
    )
    # Terms that a merge brought are told by their moment, which is the merge's: they were put by nobody.
    op.execute(
        "UPDATE account_terms SET transfer_id = (SELECT merge_id FROM customer_merge "
        "WHERE customer_merge.survivor_id = account_terms.customer_id "
        "AND customer_merge.merged_at = account_terms.at AND undone_at IS NULL ORDER BY merge_id LIMIT 1) "
        "WHERE revision = 1 AND staff_id IS NULL"
    )
