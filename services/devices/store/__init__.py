"""The tables of devices: rows to model objects and back. Never here: rules, topics, replies.

No table holds personal data: what was scanned is never stored, and a job names its sale by id.
"""
