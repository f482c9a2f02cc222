"""What the law gives customers and asks of the shop: a copy of all, to be forgotten, and records that must stay."""
