"""Two small services, one that leads and one that follows, on which the runtime is tried."""
