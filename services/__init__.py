"""The services of a store hub. Each is a process of its own; none imports another."""
