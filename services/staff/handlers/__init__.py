"""What the staff service does with each message: people, roles, signing on and off, approvals, credit for sales.

The runtime opens the transaction, commits state and journal together and then replies. Nothing here
commits, retries, catches or reads a clock. PINs are hashed and compared in ``prepare_`` functions,
while no transaction is held; what they found is judged in the transaction.
"""
