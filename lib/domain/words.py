"""Counts in words."""


def counted(count: int, one: str, many: str | None = None) -> str:
    """The count with its noun, thousands apart: "1 rule", "2,000 rules". `many` is `one` with an s unless given."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
