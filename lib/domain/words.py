"""Counts and lists in words."""

from collections.abc import Iterable


def counted(count: int, one: str, many: str | None = None) -> str:
    """The count with its noun: "1 rule", "2,000 rules". `many` is `one` with an s unless given."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def and_more(items: Iterable[str], most: int) -> str:
    """At most `most` items, then how many are left out: "a, b and 3 more"."""
    listed = list(items)
    more = f" and {len(listed) - most:,} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
