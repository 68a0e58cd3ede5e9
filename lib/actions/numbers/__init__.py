"""Phone numbers and their auth rules."""
