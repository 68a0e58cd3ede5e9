"""The PBX section."""
