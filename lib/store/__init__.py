"""The Hub database: the only place with SQL."""
