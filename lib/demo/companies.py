"""Believable names, people and places. Places are real localities; companies and people are made up."""

import re
import unicodedata
from random import Random

from faker import Faker

from lib.demo.model import Contact
from lib.demo.reserved import NumberPool

TRADES = (
    "Plumbing", "Electrical", "Roofing", "Landscaping", "Carpentry", "Painting", "Tiling", "Air Conditioning",
    "Conveyancing", "Dental", "Physiotherapy", "Veterinary Clinic", "Accounting", "Real Estate", "Motors",
    "Joinery", "Fencing", "Pest Control", "Removals", "Bakery", "Optical", "Security", "Freight", "Nurseries",
)  # fmt: skip
PLACES = (
    ("Parramatta", "NSW", "2150"), ("Newcastle", "NSW", "2300"), ("Wollongong", "NSW", "2500"),
    ("Dubbo", "NSW", "2830"), ("Surry Hills", "NSW", "2010"), ("Belconnen", "ACT", "2617"),
    ("Richmond", "VIC", "3121"), ("Ballarat", "VIC", "3350"), ("Geelong", "VIC", "3220"),
    ("Mildura", "VIC", "3500"), ("Footscray", "VIC", "3011"), ("Fortitude Valley", "QLD", "4006"),
    ("Toowoomba", "QLD", "4350"), ("Cairns", "QLD", "4870"), ("Southport", "QLD", "4215"),
    ("Norwood", "SA", "5067"), ("Mount Gambier", "SA", "5290"), ("Fremantle", "WA", "6160"),
    ("Bunbury", "WA", "6230"), ("Joondalup", "WA", "6027"), ("Launceston", "TAS", "7250"),
    ("Hobart", "TAS", "7000"), ("Darwin", "NT", "0800"), ("Alice Springs", "NT", "0870"),
)  # fmt: skip
STREETS = ("Railway", "Station", "High", "Church", "Victoria", "George", "Albert", "Park", "Wattle", "Banksia")
STREET_TYPES = {"ST": "Street", "RD": "Road", "AVE": "Avenue", "PDE": "Parade", "CT": "Court"}


class Companies:
    """Unique names. Everything comes from one seed, never from the global generator."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._faker = Faker("en_AU")
        self._faker.seed_instance(seed)
        self._names: set[str] = set()
        self._sites: set[str] = set()

    def name(self) -> str:
        """A company name."""
        while True:
            form = self._random.randrange(4)
            if form == 0:
                name = f"{self._faker.last_name()}, {self._faker.last_name()} and Sons"
            elif form == 1:
                name = f"{self._random.choice(PLACES)[0]} {self._random.choice(TRADES)}"
            else:
                name = f"{self._faker.last_name()} {self._random.choice(TRADES)}" + (" Pty Ltd" * (form == 3))
            if name not in self._names:
                self._names.add(name)
                return name

    def site(self, name: str) -> str:
        """A DNS label made from the name: the group name of a PBX and the start of a web domain."""
        ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        plain = re.sub(r"<[^>]*>", "", ascii_name).replace("'", "").replace(" pty ltd", "")
        label = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30].strip("-")
        site, count = label, 1
        while site in self._sites:
            count += 1
            site = f"{label}-{count}"
        self._sites.add(site)
        return site

    def person(self) -> tuple[str, str]:
        """First and last name."""
        return self._faker.first_name(), self._faker.last_name()

    def contact(self, site: str, pool: NumberPool) -> Contact:
        """A contact with an address whose parts fit together, and a phone number used nowhere else."""
        first, last = self.person()
        locality, state, postcode = self._random.choice(PLACES)
        return Contact(
            id=f"{self._random.getrandbits(128):032x}",
            first_name=first,
            last_name=last,
            email=mailbox(first, last, site),
            phone=pool.local(state),
            house_number=str(self._random.randrange(1, 400)),
            street_name=self._random.choice(STREETS),
            street_type=self._random.choice(list(STREET_TYPES)),
            locality=locality,
            state=state,
            postcode=postcode,
        )


def mailbox(first: str, last: str, site: str) -> str:
    """A person's address in a domain reserved for examples."""
    return re.sub(r"[^a-z0-9.@-]", "", f"{first}.{last}@{site}.example".lower())
