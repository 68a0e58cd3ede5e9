"""PBXs: their group name and their billing."""
