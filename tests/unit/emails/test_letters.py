"""The texts of the e-mails."""

from html.parser import HTMLParser

import pytest
from jinja2 import Environment, FileSystemLoader, meta

from lib.actions.emails.letters import KINDS, CannotRender, LoginChange, render
from lib.settings import PROJECT

TEMPLATES = PROJECT / "lib" / "actions" / "emails" / "templates"
SAMPLES = {
    "suspension_notice": {
        "account_number": "104233",
        "account_name": "O'Brien & <Sons>",
        "contact": "1300 975 707 or accounts@example.com",
        "overdue_amount": "$1,024.10",
        "overdue_since": "12 March 2026",
        "emergency_numbers": "000, 106 and 112",
        "how_to_pay": "by card at https://pay.example.com/?a=1&b=2",
    },
    "reenabled_notice": {"account_number": "104233", "account_name": "O'Brien & <Sons>", "contact": "1300 975 707"},
    "pbx_login_change": {
        "account_number": "104233",
        "pbx_name": "Head <office>",
        "when": "Monday 2 March 2026, 6 pm",
        "logins": [LoginChange("101", "101@old", "101@new"), ("102", "102@old", "102@<new>")],
        "contact": "1300 975 707",
    },
    "jet_phone_login": {
        "name": "Ada & Co",
        "login": "101@acme",
        "one_time_link": "https://hub.example.com/once?t=a&u=b",
        "link_expires": "Tuesday 3 March 2026, 6 pm",
        "contact": "1300 975 707",
    },
}
REQUIRED = [(kind, name) for kind, (required, _) in KINDS.items() for name in sorted(required)]


class Words(HTMLParser):
    """The text of a page, its links, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.open, self.links = "", [], []

    def handle_starttag(self, tag, attrs):
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    @classmethod
    def of(cls, page):
        read = cls()
        read.feed(page)
        assert read.open == []
        read.text = " ".join(read.text.split())
        return read


def cells(value):
    return [cell for row in value for cell in row] if isinstance(value, list) else [value]


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_value_is_in_text_and_in_html_and_cannot_become_markup(kind):
    rendered = render(kind, SAMPLES[kind])
    words = Words.of(rendered.html)
    for value in SAMPLES[kind].values():
        for cell in cells(value):
            assert " ".join(cell.split()) in " ".join(rendered.text.split())
            assert cell in words.text
    assert "<Sons>" not in rendered.html
    assert "<new>" not in rendered.html
    assert rendered.subject == rendered.subject.strip() != ""
    assert "\n" not in rendered.subject
    assert rendered.subject in words.text
    for left in ("{{", "{%", "Subject:", "None", "\n\n\n"):
        assert left not in rendered.text
    assert max(map(len, rendered.text.splitlines())) <= 120


def test_the_templates_are_those_of_the_kinds_and_use_what_they_take():
    environment = Environment(loader=FileSystemLoader(TEMPLATES))  # noqa: S701
    files = {path.name for path in TEMPLATES.iterdir()}
    assert files == {f"{kind}.{end}" for kind in KINDS for end in ("txt", "html")} | {"_letter.html"}
    letter = meta.find_undeclared_variables(environment.parse((TEMPLATES / "_letter.html").read_text()))
    for kind, (required, optional) in KINDS.items():
        for end in ("txt", "html"):
            used = meta.find_undeclared_variables(environment.parse((TEMPLATES / f"{kind}.{end}").read_text()))
            assert used | letter == required | optional, (kind, end)


@pytest.mark.parametrize(("kind", "name"), REQUIRED)
@pytest.mark.parametrize("lack", ["missing", None, "", "  ", "two\nlines", "line\u2028end", 7, [], "half \ud83d"])
def test_a_value_that_is_missing_or_no_line_is_an_error(kind, name, lack):
    values = {**SAMPLES[kind], name: lack}
    if lack == "missing":
        del values[name]
    with pytest.raises(CannotRender, match=name):
        render(kind, values)


@pytest.mark.parametrize("kind", SAMPLES)
def test_an_unknown_value_or_kind_is_an_error_that_quotes_no_value(kind):
    with pytest.raises(CannotRender, match="unknown password") as caught:
        render(kind, {**SAMPLES[kind], "password": "s3cret"})
    assert "s3cret" not in str(caught.value)
    with pytest.raises(CannotRender, match="no template"):
        render(f"{kind}s", SAMPLES[kind])


def test_a_suspension_says_what_happens_and_how_to_pay():
    rendered = render("suspension_notice", SAMPLES["suspension_notice"])
    for text in (rendered.text, Words.of(rendered.html).text):
        words = " ".join(text.split())
        assert "$1,024.10 has been overdue on this account since 12 March 2026." in words
        assert "All inbound calls go straight to voicemail." in words
        assert "hears a message that the account is not allowed to make calls" in words
        assert "Emergency calls still work: you can call 000, 106 and 112." in words
    assert rendered.subject == "Your service is suspended until your account is paid"


def test_a_suspension_notice_promises_only_emergency_calls_that_the_sbc_connects():
    values = SAMPLES["suspension_notice"] | {"emergency_numbers": None}
    rendered = render("suspension_notice", values)
    assert "mergency" not in rendered.text + rendered.html
    other = render("suspension_notice", values | {"emergency_numbers": "111 and 112"})
    for text in (other.text, Words.of(other.html).text):
        assert "you can call 111 and 112." in " ".join(text.split())


@pytest.mark.parametrize(
    ("given", "words", "subject"),
    [
        ({"overdue_amount": "$10.00"}, "$10.00 is overdue on this account.", "until your account is paid"),
        ({"overdue_since": "1 March 2026"}, "has been overdue since 1 March 2026.", "until your account is paid"),
        ({"overdue_amount": None}, "We have suspended the service", "Your service is suspended"),
    ],
)
def test_a_suspension_notice_says_only_what_is_known_about_money(given, words, subject):
    base = {name: SAMPLES["suspension_notice"][name] for name in ("account_number", "account_name", "contact")}
    rendered = render("suspension_notice", {**base, **given})
    for text in (rendered.text, Words.of(rendered.html).text):
        assert words in " ".join(text.split())
        assert "How to pay" not in text
        assert ("overdue" in text) == ("paid" in text) == any(given.values())
    assert rendered.subject.endswith(subject)


def test_a_login_change_lists_each_extension_and_asks_for_a_new_sign_in():
    rendered = render("pbx_login_change", SAMPLES["pbx_login_change"])
    assert "- Extension 101: 101@old -> 101@new\n- Extension 102: 102@old -> 102@<new>\n" in rendered.text
    assert "must sign in again" in rendered.text
    assert "Monday 2 March 2026, 6 pm" in rendered.text


@pytest.mark.parametrize(
    "rows", ["101", [("101", "a")], [("101", "a", "b", "c")], [("101", "a", None)], [{}], {"a": 1}]
)
def test_rows_that_are_no_login_changes_are_an_error(rows):
    with pytest.raises(CannotRender, match="logins"):
        render("pbx_login_change", {**SAMPLES["pbx_login_change"], "logins": rows})


def test_login_details_carry_a_link_and_no_password():
    rendered = render("jet_phone_login", SAMPLES["jet_phone_login"])
    assert Words.of(rendered.html).links == ["https://hub.example.com/once?t=a&u=b"]
    assert "It works once" in rendered.text


@pytest.mark.parametrize("link", ["http://hub.example.com/x", "javascript:alert(1)", "https://a b", "hub.example.com"])
def test_a_link_that_is_not_https_is_an_error(link):
    with pytest.raises(CannotRender, match="one_time_link"):
        render("jet_phone_login", {**SAMPLES["jet_phone_login"], "one_time_link": link})
