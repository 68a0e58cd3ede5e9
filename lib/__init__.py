"""The Account Manager: everything behind the pages."""
