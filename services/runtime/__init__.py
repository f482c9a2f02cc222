"""What every service stands on; it knows messages, replies and topics, and no retail noun."""
