"""Parent and child accounts: which links are allowed.

Zuora's customer hierarchy has at most five levels (its customer-account field descriptions), so ours does, too.
"""

from collections.abc import Mapping

LEVELS = 5


class InvalidParent(ValueError):
    """The link is not allowed. The text is for the person who asked for it."""


def ancestors(number: str, parent_of: Mapping[str, str | None]) -> list[str]:
    """The accounts above `number`, nearest first. Stops at a loop."""
    found: list[str] = []
    above = parent_of.get(number)
    while above is not None and above not in found and above != number:
        found.append(above)
        above = parent_of.get(above)
    return found


def height(number: str, parent_of: Mapping[str, str | None]) -> int:
    """How many levels `number` and everything below it have. An account without children has one."""
    below = [child for child in parent_of if number in ancestors(child, parent_of)]
    return 1 + max((ancestors(child, parent_of).index(number) + 1 for child in below), default=0)


def check_parent(child: str, parent: str, parent_of: Mapping[str, str | None]) -> None:
    """Allow `parent` as the new parent of `child`, given every link of both families.

    Raises:
        InvalidParent: own parent, a loop, already the parent, or more than five levels.
    """
    if child == parent:
        raise InvalidParent("An account cannot be its own parent.")
    if parent_of.get(child) == parent:
        raise InvalidParent(f"{parent} is already the parent of {child}.")
    above = ancestors(parent, parent_of)
    if child in above:
        raise InvalidParent(
            f"{parent} is below {child}, so the link would make a loop. Remove {parent} from its parent first."
        )
    levels = len(above) + 1 + height(child, parent_of)
    if levels > LEVELS:
        raise InvalidParent(
            f"The family would have {levels} levels. Zuora allows {LEVELS}. Choose a parent nearer to the top."
        )
