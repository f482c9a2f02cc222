"""The scanners themselves: found, read and let go of. Never here: what a code means, the bus, the database.

Pure: ``layouts`` (what keys type), ``keys`` (key events to scans), ``serial_lines`` (bytes to scans), ``lines`` (which
lines are of one symbol). At the kernel's border: ``input_devices``, ``serial_ports``. ``watching`` runs them, each in
a thread of its own.
"""
