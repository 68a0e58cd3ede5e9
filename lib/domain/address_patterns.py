"""How the parts of an Australian address are written."""

import re

from lib.domain.address_words import BUILDINGS, FLOORS

POSTAL = re.compile(
    r"\b(?:G\.?\s*P\.?\s*O\.?\s*BOX|P\.?\s*O\.?\s*BOX|POST\s+OFFICE\s+BOX|(?:LOCKED|PRIVATE|MAIL)\s+BAG|LOCKED\s+MAIL\s+BAG"
    r"|PARCEL\s+LOCKER|PMB|LMB|CMB|RMB|RSD)\b\.?\s*(?:NO\.?\s*|#\s*)?\d*[A-Z]?\b",
    re.IGNORECASE,
)
"""A place where letters wait, which is no place where people are."""
NUMBER = r"(?P<n1>\d{1,5})(?P<s1>(?!st\b|nd\b|rd\b|th\b)[A-Za-z]{1,3})?"
RANGE = r"(?:\s*(?:-|\u2013|\bto\b|&)\s*(?P<n2>\d{1,5})(?P<s2>[A-Za-z])?)?"
HOUSE = re.compile(rf"(?:(?:NO|NUMBER)\b\.?\s*|#\s*)?{NUMBER}{RANGE}(?=\s|$)", re.IGNORECASE)
LONE_SUFFIX = re.compile(r"\s+(?P<s>[A-Da-d])(?=\s+\S+\s+\S)")
SLASHED = re.compile(r"(?P<n>[A-Za-z]?\d{1,5})(?P<s>[A-Za-z])?\s*/\s*(?=\d)")
BUILDING = re.compile(
    rf"(?P<t>{'|'.join(sorted(BUILDINGS, key=len, reverse=True))})\b\.?\s*(?:NO\b\.?\s*|#\s*)?"
    r"(?P<n>[A-Z]{0,2}\d{1,4}|[A-Z]\b(?!\s+\d*\s*$))(?P<s>[A-Z])?"
    r"(?:\s*(?:-|\u2013|&)\s*(?P<n2>\d{1,5})(?P<s2>[A-Z])?)?(?=[\s/-]|$)",
    re.IGNORECASE,
)
GLUED = re.compile(r"(?P<t>U|L)(?P<n>\d{1,4})(?P<s>[A-Z])?(?=[\s/-]|$)", re.IGNORECASE)
FLOOR = re.compile(
    rf"(?:(?P<bare>LOWER GROUND|UPPER GROUND|GROUND|MEZZANINE)(?:\s+(?:FLOOR|FLR|LEVEL))?"
    rf"|(?P<nth>\d{{1,3}})(?:ST|ND|RD|TH)\s+(?:FLOOR|FLR|FL|LEVEL)"
    rf"|(?P<t>{'|'.join(sorted(FLOORS, key=len, reverse=True))})\b\.?\s*(?P<n>\d{{1,3}})(?P<s>[A-Z])?"
    r"|(?P<alone>BASEMENT))(?=[\s/-]|$)",
    re.IGNORECASE,
)
LOT = re.compile(r"LOTS?\b\.?\s*(?P<n>\d{1,5}[A-Z]?)(?=[\s/-]|$)", re.IGNORECASE)
CORNER = re.compile(r"(?:CNR|COR|CORNER)\b\.?(?:\s+OF)?\s+", re.IGNORECASE)
AND = re.compile(r"\s+(?:&|AND)\s+|\s*/\s*", re.IGNORECASE)
COMPANY = re.compile(r"\b(?:PTY|LTD|LIMITED|INC|T/A|TRADING AS)\b", re.IGNORECASE)
CARE_OF = re.compile(r"(?:C/-|C/O|CARE OF|ATTN?:?|ATTENTION:?)", re.IGNORECASE)
