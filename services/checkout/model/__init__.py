"""The rules of a sale. Belongs here: sale, line item, tender, tax, price. Never here: bus, SQL, clock, settings."""
