"""What policy does with each message, by subject.

The runtime opens the transaction, commits state and journal together and then replies. Nothing here
commits, retries, catches or reads a clock.
"""
