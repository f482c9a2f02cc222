"""The command line of the store hub: starts and watches everything on one box, and tells how it is."""
