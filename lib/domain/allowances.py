"""Allowances: what a subscription's charges grant, what is in use, and what has changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

MAP_LIMIT = 500
NUMBER_LIMIT = 50
NAME_LIMIT = 120
_SWITCHES = ("inbound_recording", "outbound_recording")
_NOT_COUNTED = (*_SWITCHES, "outbound_recording_limit")

LABELS = {
    "cloud_mobiles": "Cloud mobiles",
    "jet_phone_users": "Jet Phone users",
    "pbx_extensions": "PBX extensions",
    "local_numbers": "Local numbers",
    "mobile_numbers": "Mobile numbers",
    "numbers_13": "13 numbers",
    "numbers_1300": "1300 numbers",
    "numbers_1800": "1800 numbers",
    "queues": "Queues",
    "ivrs": "IVRs",
    "postcode_ivrs": "Postcode IVRs",
    "geographic_routing": "Geographic routing",
    "call_wrap_up": "Call wrap-up",
    "inbound_recording": "Inbound call recording",
    "outbound_recording": "Outbound call recording",
    "outbound_recording_limit": "Outbound recording limit",
}
"""Every allowance and its name, in the order of the page."""


@dataclass(frozen=True)
class Charge:
    """A charge of a subscription. `numbers` are its numbers, the product's charge first."""

    numbers: tuple[str, ...]
    name: str
    quantity: Decimal

    @property
    def label(self) -> str:
        """Its name, and the number that a row of the map would need."""
        return f"{self.name} ({self.numbers[0]})" if self.numbers else self.name


@dataclass(frozen=True)
class MapRow:
    """One row of the charge map: this charge, by number or by name, grants that allowance."""

    charge_number: str | None
    charge_name: str | None
    kind: str


@dataclass(frozen=True)
class Granted:
    """What charges grant in total. `unmapped` are the charges without a row in the map."""

    allowances: dict[str, int]
    unmapped: tuple[Charge, ...]


@dataclass(frozen=True)
class Line:
    """One allowance: what is granted and what is in use. Where nothing can be counted there is no `in_use`."""

    kind: str
    granted: int
    in_use: int | None

    @property
    def label(self) -> str:
        """Its name. An allowance that this version does not know keeps its key."""
        return label_of(self.kind)

    @property
    def left(self) -> int | None:
        """How many more may be used. Below zero when too many are in use."""
        return None if self.in_use is None else self.granted - self.in_use

    @property
    def over(self) -> int:
        """How many are in use beyond what is granted."""
        return max(0, -(self.left or 0))


class InvalidMap(ValueError):
    """The charge map cannot be used as it is. The text is for the person who edited it."""


def label_of(kind: str) -> str:
    """The name of the allowance."""
    return LABELS.get(kind, kind.replace("_", " "))


def words_for(kind: str, granted: int) -> str:
    """The granted amount as people read it: a count, or yes or no where it is only on or off."""
    if kind in _SWITCHES:
        return "yes" if granted else "no"
    return f"{granted:,}"


def end_words(ends: date | None, today: date) -> str | None:
    """When a subscription ends or ended, as people read it. None when it goes on."""
    if ends is None:
        return None
    return f"{'ended' if ends <= today else 'ends'} {ends:%-d %b %Y}"


def grant(charges: Iterable[Charge], rows: Sequence[MapRow]) -> Granted:
    """Sum the charges by allowance. A row with the charge's number comes before one with its name."""
    by_number = {row.charge_number: row.kind for row in rows if row.charge_number}
    by_name = {folded(row.charge_name): row.kind for row in rows if row.charge_name}
    sums: dict[str, Decimal] = {}
    unmapped = []
    for charge in charges:
        kind = next((by_number[number] for number in charge.numbers if number in by_number), None)
        kind = kind or by_name.get(folded(charge.name))
        if kind is None:
            unmapped.append(charge)
        else:
            sums[kind] = sums.get(kind, Decimal(0)) + charge.quantity
    # Half a cloud mobile is not a cloud mobile.
    return Granted({kind: int(count) for kind, count in sums.items()}, tuple(unmapped))


def changes(before: Mapping[str, int], after: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Allowance, old and new, for each that differs. A missing one counts as 0."""
    pairs = ((kind, before.get(kind, 0), after.get(kind, 0)) for kind in in_order({*before, *after}))
    return [(kind, old, new) for kind, old, new in pairs if old != new]


def lines(granted: Mapping[str, int], in_use: Mapping[str, int]) -> list[Line]:
    """Every allowance that is granted or in use, in the order of the page."""
    used = {kind for kind, count in in_use.items() if count}
    return [
        Line(kind, granted.get(kind, 0), None if kind in _NOT_COUNTED else in_use.get(kind, 0))
        for kind in in_order({*granted, *used})
    ]


def total(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """What several subscriptions grant together."""
    sums: dict[str, int] = {}
    for part in parts:
        for kind, granted in part.items():
            sums[kind] = sums.get(kind, 0) + granted
    return sums


def in_order(kinds: Iterable[str]) -> list[str]:
    """In the order of the page. What this version does not know comes last."""
    places = {kind: place for place, kind in enumerate(LABELS)}
    return sorted(kinds, key=lambda kind: (places.get(kind, len(places)), kind))


def check_map(rows: Sequence[MapRow]) -> list[MapRow]:
    """The rows as they will be stored: spaces trimmed, sorted.

    Raises:
        InvalidMap: a row names no charge or an unknown allowance, or two rows name the same charge.
    """
    if len(rows) > MAP_LIMIT:
        raise InvalidMap(f"The map has {len(rows):,} rows. It can have at most {MAP_LIMIT}.")
    found = [_checked(place, row) for place, row in enumerate(rows, start=1)]
    _refuse_twice((row.charge_number, row.charge_number) for row in found)
    _refuse_twice((folded(row.charge_name), row.charge_name) for row in found)
    return in_map_order(found)


def in_map_order(rows: Iterable[MapRow]) -> list[MapRow]:
    """The rows by name, number and allowance, as they are stored."""
    return sorted(rows, key=lambda row: (row.charge_name or "", row.charge_number or "", row.kind))


def folded(name: str | None) -> str:
    """A name for comparison: lower case, single spaces."""
    return " ".join((name or "").casefold().split())


def _checked(place: int, row: MapRow) -> MapRow:
    number, name = " ".join((row.charge_number or "").split()), " ".join((row.charge_name or "").split())
    if not number and not name:
        raise InvalidMap(f"Row {place} has no charge. Type its number or its name.")
    # These two come before any sentence that repeats what was typed.
    if len(number) > NUMBER_LIMIT or len(name) > NAME_LIMIT:
        raise InvalidMap(
            f"Row {place} is too long: a number can have at most {NUMBER_LIMIT} characters, a name {NAME_LIMIT}."
        )
    if not (number + name).isprintable():
        raise InvalidMap(f"Row {place} contains an invisible character. Type the charge again.")
    if " " in number:
        raise InvalidMap(f"Row {place}: “{number}” contains more than one charge number. Give each its own row.")
    if row.kind not in LABELS:
        raise InvalidMap(f"Row {place} grants an unknown allowance. Choose one from the list.")
    return MapRow(number or None, name or None, row.kind)


def _refuse_twice(keys: Iterable[tuple[str | None, str | None]]) -> None:
    seen: set[str] = set()
    for key, shown in keys:
        if key and key in seen:
            raise InvalidMap(f"“{shown}” is in two rows. One charge grants one allowance.")
        seen.add(key or "")
