"""The devices service: what scanners read and what printers did."""
