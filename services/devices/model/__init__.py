"""The rules of devices: what a code is, how a print job may move. Pure: no bus, no database, no clock."""
