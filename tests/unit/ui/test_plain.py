"""The Markdown that keeps customer text plain; `tests/browser/test_typed_text.py` reads what Chromium makes of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.ui.widgets.text import plain, unlinked

# What Streamlit 1.67's page replaces in each piece of text, after Markdown has removed the backslashes.
SYMBOLS = re.compile(r"(?:^|\s)(?:<->|->|<-|--|>=|<=|~=)(?=\s|$)")
PICTURES = re.compile(r":material_\w+:|:streamlit:|:[\w+-]+:")


def stretches(markdown):
    """The pieces of text between empty directives, as the page has them then."""
    return [re.sub(r"\\([!-/:-@[-`{-~])", r"\1", part) for part in markdown.split(":color[]")]


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Riley Fencing", "Riley Fencing"),
        ("a  b\n c", "a b c"),
        ("a <- b", r"a \<:color[]\- b"),
        ("--", r"\-:color[]\-"),
        ("x >= 3", r"x \>:color[]\= 3"),
        (":smile:", r"\::color[]smile\:"),
        (":material/home:", r"\:material\/home\:"),
        ("14:02", r"14\:02"),
        ("🙂 ok", ":color[]🙂 ok"),
    ],
)
def test_what_is_written_for_it(text, markdown):
    assert plain(text) == markdown


@given(st.text(alphabet="<->=~: abcmaterial_streamlit/+1:$*[](){}\\@.🙂", max_size=40) | st.text(max_size=40))
def test_the_same_characters_and_nothing_to_replace(text):
    markdown = plain(text)
    assert ":material/" not in markdown
    parts = stretches(markdown)
    assert "".join(parts) == " ".join(text.split())
    assert not [part for part in parts if SYMBOLS.search(part) or PICTURES.search(part)]


def test_addresses_are_no_links():
    assert unlinked("a@x.example https://x.example www.x.example").count(":small[") == 3
