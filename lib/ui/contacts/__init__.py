"""The Account Contacts section."""
