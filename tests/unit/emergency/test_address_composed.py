"""An address composed of well-written parts is split into the same parts, in any order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lib.domain.addresses import split_address

untimed = settings(max_examples=200, deadline=None)


def unit(kind, number, suffix="", second=""):
    return {
        "building_type": kind, "building_number": number, "building_suffix": suffix, "building_number_2": second
    }  # fmt: skip


def floor(kind, number="", suffix=""):
    return {"floor_type": kind, "floor_number": number, "floor_suffix": suffix}


def house(number, suffix="", second="", second_suffix=""):
    return {
        "house_number": number, "house_suffix": suffix, "house_number_2": second, "house_suffix_2": second_suffix,
    }  # fmt: skip


UNITS = [
    ("Unit 3", unit("UNIT", "3")), ("UNIT 3A", unit("UNIT", "3", "A")), ("U3", unit("UNIT", "3")),
    ("Units 3-5", unit("UNIT", "3", second="5")), ("Shops 3 & 4", unit("SHOP", "3", second="4")),
    ("Shop G12", unit("SHOP", "G12")), ("Apartment 1203", unit("APT", "1203")), ("Flat B", unit("FLAT", "B")),
    ("Suite No. 7", unit("SUITE", "7")), ("Ste 7", unit("SUITE", "7")), ("Villa 2", unit("VILLA", "2")),
    ("Townhouse 9", unit("TNHS", "9")), ("Factory 12", unit("FCTY", "12")), ("Office 5B", unit("OFFICE", "5", "B")),
    ("Tenancy 2", unit("TNCY", "2")), ("Kiosk K5", unit("KIOSK", "K5")), ("Suite Two", unit("SUITE", "2")),
]  # fmt: skip
FLOORS = [
    ("Level 3", floor("L", "3")), ("Lvl 12", floor("L", "12")), ("L4", floor("L", "4")), ("Level G", floor("G")),
    ("Level B1", floor("B", "1")), ("2nd Floor", floor("FL", "2")), ("First Floor", floor("FL", "1")),
    ("Ground Floor", floor("G")), ("Lower Ground Floor", floor("LG")), ("Mezzanine Level", floor("M")),
    ("Level 2A", floor("L", "2", "A")), ("Level Five", floor("L", "5")),
]  # fmt: skip
HOUSES = [
    ("12", house("12")), ("12A", house("12", "A")), ("12-14", house("12", second="14")), ("No. 12", house("12")),
    ("12 - 14", house("12", second="14")), ("12–14A", house("12", second="14", second_suffix="A")),
    ("1015", house("1015")), ("12B-14C", house("12", "B", "14", "C")), ("12 to 14", house("12", second="14")),
]  # fmt: skip
NAMES = [
    "Wattle", "St Kilda", "Avenue", "Mt Gravatt-Capalaba", "O'Connell", "Old Coach", "Seventeen Mile Rocks", "Park",
    "North", "Upper Heidelberg", "Rose and Crown", "Queen's", "Forest Glen", "Level Crossing", "Terrace",
]  # fmt: skip
TYPES = [
    ("St", "ST"), ("Street", "ST"), ("Rd.", "RD"), ("ROAD", "RD"), ("Ave", "AVE"), ("Cres", "CRES"), ("Hwy", "HWY"),
    ("Parade", "PDE"), ("Tce", "TCE"), ("Dr", "DR"), ("Blvd", "BVD"), ("Cl", "CL"), ("Lane", "LANE"), ("Cct", "CCT"),
]  # fmt: skip
SUFFIXES = [
    ("", ""),
    ("", ""),
    ("", ""),
    ("North", "N"),
    ("Sth", "S"),
    ("N.E.", "NE"),
    ("South West", "SW"),
    ("Ext", "EX"),
]
PROPERTIES = ["", "", "Wattle House", "Westfield Shopping Centre", "Rouse Hill Town Centre", "Banksia Hospital"]
LOCATIONS = ["", "", "Rear", "via Gympie", "opposite Bunnings", "near Banksia Rd", "Cnr Banksia Rd", "Gate 3"]
ENDS = [
    "",
    "",
    ", Richmond",
    ", Richmond VIC 3121",
    " Richmond VIC",
    "\nRICHMOND, VICTORIA 3121",
    ", Richmond 3121, Australia",
]
GIVEN = {"locality": "Richmond", "state": "VIC", "postcode": "3121"}


@st.composite
def addresses(draw):
    """A text and the parts it was made of."""
    parts = {}
    front = []
    for choices in (UNITS, FLOORS):
        if draw(st.booleans()):
            text, found = draw(st.sampled_from(choices))
            front.append(text)
            parts |= found
    if draw(st.booleans()):
        front.reverse()
    if draw(st.integers(0, 4)) == 0:
        front.insert(0, "Lot 7")
        parts["lot"] = "7"
    if name := draw(st.sampled_from(PROPERTIES)):
        front.append(name)
        parts["property_name"] = name
    number, found = draw(st.sampled_from(HOUSES))
    parts |= found
    name = draw(st.sampled_from(NAMES))
    spelled, code = draw(st.sampled_from(TYPES))
    suffix, suffix_code = draw(st.sampled_from(SUFFIXES))
    parts |= {"street_name": name, "street_type": code, "street_suffix": suffix_code}
    street = " ".join(part for part in (number, name, spelled, suffix) if part)
    comma = draw(st.sampled_from([", ", ", ", " - ", "\n"]))
    text = comma.join([*front, street])
    if location := draw(st.sampled_from(LOCATIONS)):
        text += draw(st.sampled_from([", ", " (", "\n"])) + location
        parts["location"] = location
    end = draw(st.sampled_from(ENDS))
    if suffix and end.startswith(" "):
        end = f",{end}"  # "Wattle St North Richmond" may be in North Richmond
    return text + end, parts


@untimed
@given(addresses())
def test_the_parts_come_out_as_they_went_in(made):
    text, parts = made
    address = split_address(text, **GIVEN)
    filled = {field: value for field, value in vars(address).items() if value and field not in GIVEN}
    assert filled == {field: value for field, value in parts.items() if value}
    assert address.findings == ()
    assert (address.locality, address.state, address.postcode) == ("Richmond", "VIC", "3121")


@untimed
@given(addresses())
def test_capitals_change_nothing_but_the_spelling(made):
    text, _ = made
    plain, shouted = (vars(split_address(one, **GIVEN)) for one in (text, text.upper()))
    assert {field: value.upper() for field, value in plain.items()} == {
        field: value.upper() for field, value in shouted.items()
    }
