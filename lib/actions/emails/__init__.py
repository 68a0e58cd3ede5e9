"""E-mails: their letters, sending one exactly once, and sending one again."""
