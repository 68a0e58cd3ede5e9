"""Countries and states as Zuora spells them.

Zuora checks a contact's country and shows its full English name, whatever code or spelling it got. For the United
States and Canada it does the same with the state. Convert a value to this spelling before comparing it with Zuora.
"""

import re
import unicodedata

from lib.published.countries import COUNTRIES, STATES

NAMES = tuple(name for _, _, name in COUNTRIES)
"""Every country in Zuora's spelling."""

# Common spellings that are neither a code nor the name.
_OTHERS = {
    "Bolivia, Plurinational State of": "Bolivia",
    "Brunei": "Brunei Darussalam",
    "Burma": "Myanmar",
    "Cabo Verde": "Cape Verde",
    "Czechia": "Czech Republic",
    "Democratic Republic of the Congo": "Congo, the Democratic Republic of the",
    "East Timor": "Timor-Leste",
    "Great Britain": "United Kingdom",
    "Holland": "Netherlands",
    "Holy See": "Holy See (Vatican City State)",
    "Iran": "Iran, Islamic Republic of",
    "Ivory Coast": "Cote d'Ivoire",
    "Laos": "Lao People's Democratic Republic",
    "Macau": "Macao",
    "Macedonia": "North Macedonia",
    "Micronesia": "Micronesia, Federated States of",
    "Moldova": "Moldova, Republic of",
    "North Korea": "Korea, Democratic People's Republic of",
    "Palestine": "Palestine, State of",
    "Russia": "Russian Federation",
    "South Korea": "Korea, Republic of",
    "Republic of Korea": "Korea, Republic of",
    "Swaziland": "Eswatini",
    "Syria": "Syrian Arab Republic",
    "Taiwan, Province of China": "Taiwan",
    "Tanzania": "Tanzania, United Republic of",
    "Türkiye": "Turkey",
    "U.A.E.": "United Arab Emirates",
    "U.K.": "United Kingdom",
    "United Kingdom of Great Britain and Northern Ireland": "United Kingdom",
    "U.S.": "United States",
    "U.S.A.": "United States",
    "United States of America": "United States",
    "Vatican City": "Holy See (Vatican City State)",
    "Venezuela": "Venezuela, Bolivarian Republic of",
    "Vietnam": "Viet Nam",
}


def country_name(text: str) -> str | None:
    """The country in Zuora's spelling, from its name, a code or another common spelling. None for no such country."""
    return _COUNTRY.get(_folded(text))


def state_name(country: str, text: str) -> str | None:
    """The state in Zuora's spelling, or None when the country has no such state.

    Zuora checks only states of the United States and Canada. The state of any other country stays as it is.
    """
    states = _STATE.get(country_name(country) or "")
    return text if states is None or not text else states.get(_folded(text))


def checks_states(country: str) -> bool:
    """True for a country whose states Zuora checks."""
    return (country_name(country) or "") in _STATE


def _folded(text: str) -> str:
    """Only letters and digits, lower case, without accents or article: `U.S.A.` and `usa` are the same."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    words = re.findall(r"[^\W_]+", re.sub(r"['’.]", "", bare.casefold()).replace("&", " and "))
    return "".join(word for word in words if word != "the")


_COUNTRY = {_folded(other): name for other, name in _OTHERS.items()} | {
    _folded(spelling): names[2] for names in COUNTRIES for spelling in names
}
_STATE = {
    country: {_folded(spelling): names[1] for names in states for spelling in names}
    for country, states in STATES.items()
}
