"""The street of an address: its name, its type and its suffix."""
