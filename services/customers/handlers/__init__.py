"""What the customers service does with each message. Nothing here commits, retries, catches or reads a clock."""
