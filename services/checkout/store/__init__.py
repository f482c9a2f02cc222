"""Checkout's tables: rows to sales and items and back. Never here: topics, rules, replies."""
