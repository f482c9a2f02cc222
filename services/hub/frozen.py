"""Loaded last by the parent that services are forked from: what is there by now is shared and never collected.

Without it the first garbage collection in each service writes to the memory of every object, and
Linux gives each service its own copy.
"""

import gc

gc.collect()
gc.freeze()
