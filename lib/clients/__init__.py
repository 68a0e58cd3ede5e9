"""One client for each outside system. They know nothing of the rest of the Account Manager."""
