"""The Activity section."""
