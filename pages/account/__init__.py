"""Sections of one account."""
