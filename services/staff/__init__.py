"""Knows who sells: the staff list, who is signed on where, and who gets the credit."""
