"""Chooses the street among everything that could be one."""

from dataclasses import replace

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.numbers import read_chain
from lib.domain.addresses.street.corners import borrow_type, corners_in, take_corner, take_second_street
from lib.domain.addresses.street.reading import Street, streets_in, take_street
from lib.domain.addresses.street.street_types import Standing


def choose_street(claims: Claims, *, place_known: bool) -> int:
    """Read the street, at a corner or alone. Returns where it begins, or -1 when there is no street."""
    corners = corners_in(claims)
    for corner in corners:
        others = _streets(claims, [(one.start, one.end) for one in corners], place_known=place_known)
        if take_corner(claims, corner, others):
            return corner.start
    streets = _streets(claims, [], place_known=place_known)
    if not streets:
        claims.values.pop("shared_type", "")
        return -1
    best = max(streets, key=lambda one: one.worth)
    same = [one for one in streets if one.worth == best.worth]
    street = same[0] if best.chain is not None else same[-1]
    end = next((end for start, end in claims.runs() if start <= street.start < end), street.end)
    take_street(claims, street)
    if street.chain is None and street.kind is not None and street.kind.standing is not Standing.SURE:
        claims.doubt_reading("street_name", claims.slice(street.start, street.end), "the street, not as the property")
    take_second_street(claims, street, end)
    borrow_type(claims, claims.values.pop("shared_type", ""), sure=True)
    return street.chain.start if street.chain else street.start


def _streets(claims: Claims, without: list[tuple[int, int]], *, place_known: bool) -> list[Street]:
    found: list[Street] = []
    before: tuple[int, int] | None = None
    for start, end in _outside(claims, without):
        here = streets_in(claims, start, end, place_known=place_known)
        if here and here[0].chain is None and here[0].start == start and before is not None:
            # "12, High Street": the number is a piece of its own.
            chain = read_chain(claims, *before)
            if chain is not None and chain.end == before[1]:
                here[0] = replace(here[0], chain=chain)
        found += here
        before = (start, end)
    return found


def _outside(claims: Claims, without: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The free stretches, without these."""
    found = []
    for start, end in claims.runs():
        position = start
        for low, high in without:
            if position <= low < end:
                if low > position:
                    found.append((position, low))
                position = high
        if position < end:
            found.append((position, end))
    return found
