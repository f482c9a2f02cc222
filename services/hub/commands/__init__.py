"""The commands, one file a subject; each is loaded when it is called. Never here: what more than one shares."""
