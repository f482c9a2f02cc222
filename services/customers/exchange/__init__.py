"""Files of customers: read from other systems' columns and the shop's own, written so that they can be read again."""
