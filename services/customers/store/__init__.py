"""The customers' tables and queries: SQL, rows to contract objects and back. Never here: rules, replies."""
