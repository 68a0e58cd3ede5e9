"""The words of Australian addresses and the codes they stand for."""

import re
import unicodedata

STATES = {
    "NSW": "NEW SOUTH WALES",
    "VIC": "VICTORIA",
    "QLD": "QUEENSLAND",
    "SA": "SOUTH AUSTRALIA",
    "WA": "WESTERN AUSTRALIA",
    "TAS": "TASMANIA",
    "NT": "NORTHERN TERRITORY",
    "ACT": "AUSTRALIAN CAPITAL TERRITORY",
}
# Code of the register (AS 4590 shape: at most 8 characters) and the spellings it stands for.
_TYPES = {
    "ALLY": "ALLEY", "ARC": "ARCADE", "AVE": "AVENUE AV", "BVD": "BOULEVARD BLVD BOULEVARDE", "BYPA": "BYPASS",
    "CCT": "CIRCUIT", "CH": "CHASE", "CIR": "CIRCLE", "CL": "CLOSE", "CNR": "CORNER", "CRES": "CRESCENT CR CRS",
    "CT": "COURT CRT", "CTR": "CENTRE", "DR": "DRIVE DRV", "ESP": "ESPLANADE", "FWY": "FREEWAY", "GDNS": "GARDENS",
    "GLEN": "", "GR": "GROVE GVE", "HTS": "HEIGHTS", "HWY": "HIGHWAY", "LANE": "LN", "LINK": "", "LOOP": "",
    "MALL": "", "MEWS": "", "PDE": "PARADE", "PKWY": "PARKWAY", "PL": "PLACE", "PLZA": "PLAZA", "PROM": "PROMENADE",
    "QY": "QUAY", "RD": "ROAD", "RISE": "", "ROW": "", "SQ": "SQUARE", "ST": "STREET STR", "TCE": "TERRACE TERR",
    "TRK": "TRACK", "VIEW": "", "WALK": "", "WAY": "", "WYND": "",
}  # fmt: skip
STREET_TYPES = {word: code for code, words in _TYPES.items() for word in (code, *words.split())}
PLURALS = {"STREETS": "ST", "STS": "ST", "ROADS": "RD", "RDS": "RD", "AVENUES": "AVE"}
SUFFIXES = {
    **{code: code for code in ("N", "S", "E", "W", "NE", "NW", "SE", "SW")},
    "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W", "UPPER": "UP", "LOWER": "LR", "CENTRAL": "CN",
    "EXTENSION": "EX", "EXT": "EX",
}  # fmt: skip
BUILDINGS = {
    "UNIT": "UNIT", "UNITS": "UNIT", "U": "UNIT", "FLAT": "FLAT", "APARTMENT": "APT", "APT": "APT", "SUITE": "SUITE",
    "SUITES": "SUITE", "STE": "SUITE", "SHOP": "SHOP", "SHOPS": "SHOP", "OFFICE": "OFFICE", "VILLA": "VILLA",
    "TOWNHOUSE": "TNHS", "FACTORY": "FCTY", "WAREHOUSE": "WHSE", "ROOM": "ROOM", "STUDIO": "STUDIO",
    "KIOSK": "KIOSK", "SHED": "SHED", "SITE": "SITE", "TENANCY": "TNCY",
}  # fmt: skip
FLOORS = {"LEVEL": "L", "LVL": "L", "LV": "L", "L": "L", "FLOOR": "FL", "FL": "FL", "BASEMENT": "B"}
BARE_FLOORS = {"GROUND": "G", "MEZZANINE": "M", "LOWER GROUND": "LG", "UPPER GROUND": "UG", "BASEMENT": "B"}
ORDINALS = [
    "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth", "Eleventh",
    "Twelfth", "Thirteenth", "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth", "Nineteenth",
    "Twentieth",
]  # fmt: skip


def state_code(text: str) -> str:
    """`VIC` for `Victoria`, `vic` or `V.I.C.`; what is no state stays as it is."""
    word = clean(text).upper().replace(".", "")
    return next((code for code, name in STATES.items() if word in (code, name)), clean(text))


def speak(text: str) -> str:
    """Shouting capitals in the usual spelling: `O'BRIEN` as `O'Brien`, `MCKAY` as `McKay`."""
    return re.sub(r"[^\W\d_]+('S\b)?", lambda word: _spoken(word[0]), text) if text.isupper() else text


def _spoken(word: str) -> str:
    if word.upper() in {"AND", "OF"}:
        return word.lower()
    if word.upper().startswith("MC") and len(word) > 3:
        return f"Mc{word[2:].capitalize()}"
    return word.capitalize()


def clean(text: str) -> str:
    """One line: line breaks and semicolons are commas, runs of blanks are one, NFC."""
    flat = unicodedata.normalize("NFC", re.sub(r"[\r\n;]+", ", ", text))
    return re.sub(r"(?:\s*,)+", ",", " ".join(flat.split())).strip(" ,")
