"""The words of Australian addresses and their codes. Street types have a table of their own."""

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
COUNTRIES = {"AUSTRALIA", "AU", "AUS"}


def _codes(table: str) -> dict[str, str]:
    """Each row is a code and its spellings. The code itself is a spelling only if it is written twice."""
    rows = [row.split() for line in table.split("\n") if line for row in line.split("|")]
    return {spelling: row[0] for row in rows for spelling in row[1:]}


# Codes of the register, at most 6 characters.
UNITS = _codes("""
UNIT UNIT UNITS UNT UNIS U|FLAT FLAT FLATS FLT F|APT APT APTS APARTMENT APARTMENTS APPT APRT APARTMNT
SUITE SUITE SUITES STE SUIT SUTE|SHOP SHOP SHOPS SHP SHPS|OFFICE OFFICE OFFICES OFFC OFC OFF|VILLA VILLA VILLAS VLLA
TNHS TOWNHOUSE TOWNHOUSES TNHS TNHSE|FCTY FACTORY FACTORIES FCTY FACT FTY|WHSE WAREHOUSE WAREHOUSES WHSE
ROOM ROOM ROOMS RM|STUDIO STUDIO STUDIOS STU|KIOSK KIOSK KIOSKS KSK|SHED SHED SHEDS|SITE SITE SITES
TNCY TENANCY TENANCIES TNCY TEN|CTGE COTTAGE CTGE|DUPL DUPLEX DUPL DUP|HSE HOUSE HSE|PTHS PENTHOUSE PTHS
MSNT MAISONETTE MSNT|BNGW BUNGALOW BNGW|GRGE GARAGE GRGE|SHRM SHOWROOM SHOWROOMS SHRM|STLL STALL STALLS STLL
STOR STORE STORES STOR|WKSH WORKSHOP WKSH|WARD WARD|LOFT LOFT|BTSD BOATSHED BTSD|CARS CARSPACE|HALL HALL|STR STRATA
CABIN CABIN CABINS|DONGA DONGA
""")
NAMING_UNITS = {
    "HOUSE", "COTTAGE", "VILLA", "VILLAS", "STORE", "STORES", "HALL", "STUDIO", "STUDIOS", "WARD", "WAREHOUSE",
    "FACTORY", "LOFT", "SHED", "SITE", "STALL", "CABIN", "CABINS", "WORKSHOP", "SHOWROOM", "OFFICE", "OFFICES",
    "KIOSK", "GARAGE",
}  # fmt: skip
"""Units whose word also ends names of premises: `Wattle House 12 High St`."""
PLURAL_UNITS = {
    "UNITS", "UNIS", "FLATS", "APTS", "APARTMENTS", "SUITES", "SHOPS", "SHPS", "OFFICES", "VILLAS", "TOWNHOUSES",
    "FACTORIES", "WAREHOUSES", "ROOMS", "STUDIOS", "KIOSKS", "SHEDS", "SITES", "TENANCIES", "SHOWROOMS", "STALLS",
    "STORES", "CABINS",
}  # fmt: skip
# Codes of the register, at most 2 characters.
FLOORS = _codes("""
L LEVEL LEVELS LEVL LVL LV LEV L|FL FLOOR FLOORS FLR FLRS FL|B BASEMENT BSMT|P PARKING
""")
FLOOR_WORDS = {"FLOOR", "FLR", "FL", "LEVEL", "LVL", "LEV"}
FLOOR_CODES = {"G", "LG", "UG", "M", "B", "RT", "SB", "LB", "P"}
"""Floors with a letter: `Level G`, `Level B1`."""
BARE_FLOORS = {
    ("LOWER", "GROUND"): "LG", ("UPPER", "GROUND"): "UG", ("GROUND",): "G", ("GRND",): "G", ("GRD",): "G",
    ("GND",): "G", ("GF",): "G", ("G", "/", "F"): "G", ("LGF",): "LG", ("UGF",): "UG", ("MEZZANINE",): "M",
    ("MEZZ",): "M", ("BASEMENT",): "B", ("SUB", "BASEMENT"): "SB", ("ROOFTOP",): "RT",
}  # fmt: skip
NAMED_FLOORS = {"M", "B", "SB", "RT"}
"""Floors whose word is enough without `Floor` after it."""
LOTS = {"LOT", "LOTS", "ALLOTMENT", "ALLOTMENTS", "ALLOT"}
PLURAL_LOTS = {"LOTS", "ALLOTMENTS"}
PLANS = {"DP", "SP", "RP", "PS", "LP", "TP", "CP", "PC", "BUP", "GTP", "CROWN"}
"""The letters of plans on which lots are drawn."""
SPOTS = {
    "GATE", "DOCK", "DOOR", "ENTRANCE", "ENTRY", "BAY", "BERTH", "HANGAR", "PORTION", "PTN", "SECTION", "SEC", "PEN",
    "PIER", "WHARF", "POD", "COUNTER", "MODULE", "BOOTH", "CAGE",
}  # fmt: skip
"""With a number, a spot on the premises."""
COMPLEXES = {"BUILDING", "BLDG", "BLDNG", "BLD", "TOWER", "TWR", "BLOCK", "BLK", "WING"}
"""With a number or letter, one of several buildings."""
NEARBY = {
    ("NEAR",), ("NR",), ("OPP",), ("OPPOSITE",), ("BEHIND",), ("VIA",), ("OFF",), ("NEXT", "TO"), ("ADJ",),
    ("ADJACENT",), ("ADJOINING",), ("BESIDE",), ("BETWEEN",), ("ABOVE",), ("BELOW",), ("INSIDE",), ("WITHIN",),
}  # fmt: skip
"""Words before something nearby."""
CORNERS = {"CNR", "COR", "CRN", "CORNER", "CRNR", "INTERSECTION"}
NUMBER_LABELS = {"NO", "NUMBER", "NUM", "NOS"}
CONNECTORS = {"AND", "OF", "AT", "ON", "IN", "THE", "TO", "NO", "NUMBER"}
COMPANY = {"PTY", "LTD", "LIMITED", "INC", "INCORPORATED", "T/A", "TRADING"}
PREMISES = {
    "ACADEMY", "AIRPORT", "ARENA", "BARRACKS", "BUILDING", "BUILDINGS", "CAMPUS", "CARAVAN", "CATHEDRAL", "CHAMBERS",
    "CHURCH", "CLINIC", "CLUB", "COLLEGE", "COMPLEX", "DEPOT", "DOWNS", "FARM", "FARMS", "FERRY", "HANGAR",
    "HOMESTEAD", "HOSPITAL", "HOTEL", "HOUSE", "INN", "INSTITUTE", "LIBRARY", "LODGE", "MARINA", "MARKET", "MARKETS",
    "MARKETPLACE", "MILL", "MINE", "MOTEL", "MUSEUM", "OFFICES", "ORCHARD", "PLANT", "PUB", "RESORT", "SC",
    "SCHOOL", "SHOPPING", "SHOWGROUND", "SHOWGROUNDS", "STADIUM", "STATION", "TAVERN", "TERMINAL", "THEATRE", "TOWER",
    "TOWERS", "UNIVERSITY", "VINEYARD", "WESTFIELD", "WINERY", "WORKS",
}  # fmt: skip
"""Words that show that a name is of premises and not of a person."""
PREMISES_BEHIND = {
    "ARCADE", "CENTER", "CENTRE", "CHASE", "COMMONS", "COURT", "CROSSING", "CTR", "ESTATE", "EXCHANGE", "GARDENS",
    "GATEWAY", "GRANGE", "HARBOUR", "HEIGHTS", "HUB", "JUNCTION", "MALL", "MANOR", "MART", "PARK", "PLACE", "PLAZA",
    "POINT", "PRECINCT", "QUADRANT", "QUAY", "RETREAT", "SQUARE", "TERRACES", "VILLAGE", "VILLAS", "VISTA",
}  # fmt: skip
"""Words that show the same after another word. Many are also types of streets."""
SAINTS = {
    "AGNES", "ALBANS", "ANDREW", "ANDREWS", "ANN", "ANNES", "ANNS", "ANTHONY", "ANTHONYS", "ARNAUD", "AUBIN", "AUBINS",
    "AUBYN", "AUGUSTINE", "AUSTELL", "BARBARA", "BEES", "BERNARD", "BERNARDS", "CATHERINE", "CATHERINES", "CLAIR",
    "CLAIRE", "CLOUD", "COLUMBA", "CRISPIN", "CUTHBERT", "DAVID", "DAVIDS", "DENIS", "DENNIS", "EDMONDS", "ELMO",
    "FILLANS", "FRANCIS", "GABRIEL", "GEORGE", "GEORGES", "GERMAINS", "GILES", "HELEN", "HELENA", "HELENS", "HELIER",
    "HELIERS", "HILLIERS", "HUBERT", "HUBERTS", "IGNATIUS", "IVES", "JAMES", "JOHN", "JOHNS", "JOSEPH", "JOSEPHS",
    "JUDE", "JUST", "KILDA", "KITTS", "LAWRENCE", "LEONARD", "LEONARDS", "LUCIA", "LUKE", "LUKES", "MARGARET",
    "MARGARETS", "MARK", "MARKS", "MARTIN", "MARTINS", "MARY", "MARYS", "MATTHEW", "MICHAEL", "MICHAELS", "MORRIS",
    "NEOT", "NICHOLAS", "NINIANS", "PATRICK", "PATRICKS", "PAUL", "PAULS", "PETER", "PETERS", "PHILLIP", "QUENTIN",
    "RONAN", "SIMON", "STEPHEN", "STEPHENS", "SWITHINS", "THOMAS", "VIGEON", "VINCENT", "VINCENTS", "VIRGIL",
}  # fmt: skip
LONE_LETTERS = {"BECKETT": "A", "ARCY": "D", "ALTON": "D", "ARCYS": "D", "AMBROSIO": "D", "AGUILAR": "D"}
"""Names that begin with a letter that is not a suffix of the number: `12 A Beckett Street`."""
ORDINALS = [
    "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth", "Eleventh",
    "Twelfth", "Thirteenth", "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth", "Nineteenth",
    "Twentieth",
]  # fmt: skip
CARDINALS = {
    "ONE": "1", "TWO": "2", "THREE": "3", "FOUR": "4", "FIVE": "5", "SIX": "6", "SEVEN": "7", "EIGHT": "8",
    "NINE": "9", "TEN": "10", "ELEVEN": "11", "TWELVE": "12", "THIRTEEN": "13", "FOURTEEN": "14", "FIFTEEN": "15",
    "SIXTEEN": "16", "SEVENTEEN": "17", "EIGHTEEN": "18", "NINETEEN": "19", "TWENTY": "20",
}  # fmt: skip


def ordinal_of(key: str) -> int | None:
    """3 for `3RD` or `THIRD`, None when the word is not an ordinal."""
    if found := re.fullmatch(r"(\d{1,3})(?:ST|ND|RD|TH)", key):
        return int(found[1])
    word = key.capitalize()
    return ORDINALS.index(word) + 1 if word in ORDINALS else None


def state_code(text: str) -> str:
    """`VIC` for `Victoria`, `vic`, `V.I.C.`, `AU-VIC` or `Victoria (VIC)`; anything else stays as it is."""
    flat = clean(text)
    # A state's own word comes before the country's: there is "South Australia".
    found = {code for piece in re.split(r"[,()/-]", flat) if (code := _state(piece.strip()))}
    others = [piece for piece in re.split(r"[,()/-]", flat) if piece.strip() and not _state(piece.strip())]
    if len(found) == 1 and all(piece.strip().upper() in COUNTRIES for piece in others):
        return found.pop()
    words = flat.split()
    if len(words) > 1 and words[-1].upper() in COUNTRIES and (code := _state(" ".join(words[:-1]))):
        return code
    return flat


def _state(text: str) -> str:
    word = text.upper().replace(".", "").replace(" ", "")
    return next((code for code, name in STATES.items() if word in (code, name.replace(" ", ""))), "")


def speak(text: str) -> str:
    """All capitals in the usual spelling: `O'BRIEN` as `O'Brien`, `MCKAY` as `McKay`."""
    return re.sub(r"[^\W\d_]+(['’]S\b)?", lambda word: _spoken(word[0]), text) if text.isupper() else text


def _spoken(word: str) -> str:
    if word.upper() in {"AND", "OF"}:
        return word.lower()
    if word.upper().startswith("MC") and len(word) > 3:
        return f"Mc{word[2:].capitalize()}"
    return word.capitalize()


def clean(text: str) -> str:
    """One line: line breaks and semicolons are commas, runs of spaces are one, NFC."""
    flat = unicodedata.normalize("NFC", re.sub(r"[\r\n;]+", ", ", text))
    return re.sub(r"(?:\s*,)+", ",", " ".join(flat.split())).strip(" ,")
