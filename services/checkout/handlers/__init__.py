"""What checkout does with each message, in the order of a sale's life.

The runtime opens the transaction, calls the function in the writer thread, commits state and journal
together and then replies. Nothing here commits, retries, catches, reads a clock or awaits; what must be
asked of others is asked in a ``prepare_`` function.
"""
