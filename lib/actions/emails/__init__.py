"""E-mails: their letters, sending one at most once, and sending one again."""
