"""Sales from the first line item to the receipt, and the items that are sold. Never here: other services' data."""
