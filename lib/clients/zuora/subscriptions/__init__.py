"""Subscriptions: reading them, and cancelling one exactly once."""
