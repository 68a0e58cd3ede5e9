"""Counts and lists in words."""

from collections.abc import Sequence


def counted(count: int, one: str, many: str | None = None) -> str:
    """The count with its noun, thousands apart: "1 rule", "2,000 rules". `many` is `one` with an s unless given."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def and_more(items: Sequence[str], most: int) -> str:
    """The first `most` items with commas, and how many are left out: "a, b and 3 more"."""
    left = len(items) - most
    return ", ".join(items[:most]) + (f" and {left:,} more" if left > 0 else "")
