"""The tables of the policy service, and what is read from and written to them."""
