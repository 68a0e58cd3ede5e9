"""Views across all accounts."""
