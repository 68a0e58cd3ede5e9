"""Subscriptions: read them, and cancel one, exactly once."""
