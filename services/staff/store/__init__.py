"""The staff service's tables: rows to people, roles, sessions, credit and back. Never here: rules, topics, replies."""

from services.staff.store.tables import METADATA as METADATA
