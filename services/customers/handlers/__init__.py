"""What the customers service does with each message, a file a subject. Nothing here commits, retries or reads a clock."""
