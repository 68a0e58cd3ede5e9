"""Phone numbers reserved for fiction, each given out once.

Source: the Australian regulator's list of numbers for use in radio, books, film and television.
"""

from collections.abc import Iterator

MOBILES = tuple(
    f"+61491570{last}" for last in ("006", "156", "157", "158", "159", "110", "313", "737", "266", "491", "804")
)
_AREA = {"NSW": "2", "ACT": "2", "VIC": "3", "TAS": "3", "QLD": "7", "SA": "8", "WA": "8", "NT": "8"}


def _free_calls(kind: str) -> list[str]:
    return [f"+61{kind}9757{last:02}" for last in range(7, 12)]


class NumberPool:
    """Gives out reserved numbers in a fixed order. Raises StopIteration when a kind is used up."""

    def __init__(self) -> None:
        self._local = {area: self._locals(area) for area in set(_AREA.values())}
        self._mobile = iter(MOBILES)
        self._free = {kind: iter(_free_calls(kind)) for kind in ("1300", "1800")}

    @staticmethod
    def _locals(area: str) -> Iterator[str]:
        return (f"+61{area}{block}{last:04}" for block in ("5550", "7010") for last in range(10_000))

    def local(self, state: str) -> str:
        """The next number of the area code of this state."""
        return next(self._local[_AREA[state]])

    def mobile(self) -> str:
        """One of the eleven mobile numbers."""
        return next(self._mobile)

    def free_call(self, kind: str) -> str:
        """A 1300 or 1800 number."""
        return next(self._free[kind])
