"""The rules about customers, pure: no table, no bus, no clock."""
