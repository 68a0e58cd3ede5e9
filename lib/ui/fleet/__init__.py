"""The sections that show all accounts at once."""
