"""The Account Details section."""
