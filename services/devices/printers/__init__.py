"""Printers and line displays: bytes made, checked and brought to paper. Never here: SQL, messages of the bus."""
