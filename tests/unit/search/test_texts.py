"""Folding in Python and in both databases, and what is trimmed."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, bindparam, func, literal, select

from lib.domain.texts import fold, trimmed, visible, words
from lib.store.folding import NAME, contains

PASTED = "aZé e\u0301Éßẞ’‘´`“”«–—‑−\u00ad\u200b\u202e\ufeff\u00a0\u2009\u3000 \t\n\x85ﬁＡ９٣۴ØłæŒĳςΣİıſ½™…🙂אבּ日"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("D’Élan & O´Brien", "d'elan & o'brien"),
        ("  Pâ\u00adtisserie \n Élan ", "patisserie elan"),
        ("SUB–00000037", "sub-00000037"),
        ("２６６９４２", "266942"),
        ("Straße Ørsted Łódź ﬁsh", "strasse orsted lodz fish"),
        ("\u202d266942\u202c\ufeff", "266942"),
        ("“quoted” «too»", '"quoted" "too"'),
    ],
)
def test_what_looks_the_same_is_the_same(text, folded):
    assert fold(text) == folded


@given(st.text(max_size=60) | st.text(alphabet=PASTED, max_size=30))
@example("\u0345\u1fb3")
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(
    text=st.text(
        st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\0", max_codepoint=0xFFFF), max_size=40
    )
    | st.text(alphabet=PASTED, max_size=30)
)
def test_the_database_folds_as_python_does(engine, text):
    with engine.connect() as connection:
        folded = connection.execute(select(getattr(func, NAME)(bindparam("text", text, Text)))).scalar_one()
    # PostgreSQL and Python may have Unicode tables of different years.
    assert folded.casefold() == fold(text).casefold()


@pytest.mark.parametrize(
    ("stored", "typed", "found"),
    [
        ("Café ÉLAN", "cafe elan", True),
        ("Cafe Elan", "Café Élan", True),
        ("ΑΘΗΝΑ", "αθηνα", True),
        ("O’Brien — invoice", "o'brien - INVOICE", True),
        ("double  space", "double space", True),
        ("a`b", "a'b", True),
        ("100%", "100%", True),
        ("1000", "100%", False),
        ("under_score", "under score", False),
        ("Your number (03) 5550 0075 is ready", "+61 3 5550 0075", True),
        ("Your number +61 3 5550 0075 is ready", "tel:03-5550-0075", True),
        ("from 0355500075", "03\u20095550\u20090075", True),
        ("from 0355500076", "03 5550 0075", False),
        ("of 2026-11-25", "2611", False),
    ],
)
def test_a_filter_finds_what_people_mean(engine, stored, typed, found):
    with engine.connect() as connection:
        assert connection.execute(select(contains(typed, literal(stored, Text)))).scalar_one() == found


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        (" 266942 ", "266942"),
        ("\u00a0266942\u200b", "266942"),
        ("\ufeff266942\r\n", "266942"),
        ("\u202d266942\u202c", "266942"),
        ("266 942", "266 942"),
        ("266\u200b942", "266\u200b942"),
        ("#266942", "#266942"),
        ("\u200b", ""),
    ],
)
def test_only_what_nobody_sees_around_it_is_trimmed(typed, left):
    assert trimmed(typed) == left


def test_a_filter_drops_what_nobody_sees():
    assert visible(" a\u200bb \x00 c\u00ad\n") == "ab c"


def test_words():
    assert words("D’Élan & O'Brien, 41990_x") == ["d", "elan", "o", "brien", "41990", "x"]
