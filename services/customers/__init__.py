"""Keeps who buys here, what is known of them, and what they bought."""
