"""What devices does with each message: print jobs, scans, and how the devices are.

The runtime opens the transaction, commits and then replies. Nothing here commits, retries,
catches or reads a clock. What touches a device is in the workers, ``printing`` and ``scanning``.
"""
