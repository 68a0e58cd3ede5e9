"""How numbers are dialled in a region, as patterns for Kamailio."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """One national dial plan. The patterns are of digits, without prefixes.

    `special` are numbers that are dialled without the trunk prefix. `emergency` have three digits each; a URN for help
    (RFC 5031) means the first of them. `hiding` may be dialled before a number to hide or show one's own.
    """

    country: str
    international: str
    trunk: str
    national: str
    special: str
    emergency: tuple[str, ...]
    hiding: str


REGIONS = {
    "AU": Region("61", "0011", "0", "[2-478][0-9]{8}", "1[38]00[0-9]{6}|13[0-9]{4}", ("000", "106", "112"), "183[12]"),
    "NZ": Region("64", "00", "0", "[2-9][0-9]{7,9}", "", ("111", "112"), "019[67]"),
    "GB": Region("44", "00", "0", "[1-9][0-9]{8,9}", "", ("999", "112"), "1(41|470)"),
}


def defines(name: str, outside_line: str) -> dict[str, str]:
    """The patterns of a region by the names that numbers.cfg and emergency.cfg use.

    `outside_line` is a prefix for an outside line that PBXs may leave before a number, "" for none.
    """
    region = REGIONS[name]
    never = "^$"
    anything = f"({region.national}{'|' + region.special if region.special else ''})"
    before = f"({outside_line})?" if outside_line else ""
    hidden = f"({region.hiding}|[*#]31#)?"
    code = f"([+]?{region.country}|({region.international}|00){region.country}|[+])?"
    return {
        "COUNTRY": f"+{region.country}",
        "COUNTRY_AND_TRUNK": f"^[+]{region.country}{region.trunk}{region.national}$",
        "CONTEXT_OF_REGION": f"^[+]{region.country}",
        "INTERNATIONAL": f"^{region.international}[1-9][0-9]{{6,14}}$",
        "NATIONAL": f"^{region.trunk}({region.national})$",
        "SPECIAL": f"^({region.special})$" if region.special else never,
        "WITHOUT_PLUS": f"^{region.country}{anything}$",
        "WITH_OUTSIDE_LINE": f"^{outside_line}[0-9]" if outside_line else never,
        "EMERGENCY_NUMBER": f"^{before}{hidden}{code}({'|'.join(region.emergency)})#?$",
        "EMERGENCY_OF_URN": region.emergency[0],
    }


def emergency_numbers(name: str) -> tuple[str, ...]:
    """The emergency numbers of a region."""
    return REGIONS[name].emergency


def lengths(name: str, outside_line: str) -> dict[str, int]:
    """How many characters each prefix has, by the names that numbers.cfg uses."""
    region = REGIONS[name]
    return {
        "COUNTRY_AND_TRUNK_LENGTH": len(region.country) + len(region.trunk) + 1,
        "INTERNATIONAL_LENGTH": len(region.international),
        "TRUNK_PREFIX_LENGTH": len(region.trunk),
        "OUTSIDE_LENGTH": len(outside_line),
    }
