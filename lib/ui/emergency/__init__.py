"""The Emergency Details section."""
