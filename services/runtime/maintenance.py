"""What each service forgets in time: handled ids, kept failures, followed events, the far end of its journal."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from services.runtime import journal, tables
from services.runtime.clock import stamp
from services.runtime.dispatch import once
from services.runtime.settings import RuntimeSettings
from services.runtime.writer import Scope


def forget_old(scope: Scope, settings: RuntimeSettings, now: datetime, *, journal_below: int) -> None:
    """Forget what is past its days. ``journal_below`` is the lowest number that a follower still needs."""
    once.forget(scope.connection, stamp(now - timedelta(days=settings.handled_days)))
    scope.connection.execute(
        delete(tables.failed_request).where(
            tables.failed_request.c.at < stamp(now - timedelta(days=settings.failed_days))
        )
    )
    scope.connection.execute(
        delete(tables.followed_event).where(
            tables.followed_event.c.at < stamp(now - timedelta(days=settings.followed_days))
        )
    )
    journal.trim(scope.connection, below=journal_below, older_than=stamp(now - timedelta(days=settings.journal_days)))
