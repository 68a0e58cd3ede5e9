"""Lots: `Lot 7A`, `Lots 3-4`, `Lots 3, 4 & 5 DP 12345`."""

import re

from lib.domain.addresses.claims import Claims
from lib.domain.addresses.numbers import Id, read_id
from lib.domain.addresses.premises.labels import LISTS, RANGES, behind_label, divides, read_letter
from lib.domain.addresses.tokens import is_break
from lib.domain.addresses.words import LOTS, PLANS, PLURAL_LOTS


def take_lot(claims: Claims, position: int, end: int, at_start: bool) -> int | None:
    """Read `Lot 7A`, `Lots 3-4`, `Lots 3, 4 & 5`, and the plan after them: `DP 12345`."""
    key = claims.key(position)
    if key in PLANS and claims.has("lot"):
        number = read_id(claims, position + 1, end)
        if number is not None and len(number.number) > 2:
            claims.take("location", position, number.end)
            return number.end
    if key not in LOTS:
        return None
    begin = behind_label(claims, position + 1, end)
    number = read_id(claims, begin, end) or read_letter(claims, begin, end, at_start=at_start)
    if number is None:
        return None
    stop = _end_of_lots(claims, number, end, several=key in PLURAL_LOTS)
    if claims.has("lot"):
        claims.leave(position, stop)
        return stop
    claims.take("lot", position, begin, "")
    claims.take("lot", begin, stop, re.sub(r"\bAND\b", "&", claims.slice(begin, stop).upper()))
    if key in PLURAL_LOTS and "/" in claims.slice(begin, stop):
        claims.doubt_reading("location", claims.slice(position, stop), "several lots; it may be a lot and a house")
    if key not in PLURAL_LOTS and stop > number.end and claims.key(number.end) in RANGES:
        claims.doubt_reading("location", claims.slice(position, stop), "several lots; it may be a lot and a house")
    after = stop
    while after < end and (claims.key(after) in {"ON", "OF", "PLAN", "IN"}):
        after += 1
    if after > stop and claims.key(after) in PLANS:
        claims.take("lot", stop, after, "")
        return after
    return stop


def _end_of_lots(claims: Claims, first: Id, end: int, *, several: bool) -> int:
    """The position after the last lot. Only `Lots` go on after a comma or a slash."""
    stop = first.end
    joins = LISTS | RANGES | ({"/", ","} if several else set())
    limit = len(claims) if several else end
    while stop < limit and claims.key(stop) in joins:
        following = read_id(claims, stop + 1, limit)
        if following is None and claims.key(stop + 1) in LISTS:
            following = read_id(claims, stop + 2, limit)
        if following is None or not following.is_plain or (not several and divides(claims, stop, following.end, end)):
            break
        if claims.key(stop) == "," and not (
            claims.key(following.end) in joins or following.end >= limit or is_break(claims.tokens[following.end])
        ):
            break
        stop = following.end
    return stop
