"""What a checkout must collect before it may be paid: the rules, pure."""
