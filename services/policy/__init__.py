"""Decides what a checkout must collect before it may be paid."""
