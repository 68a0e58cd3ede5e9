"""The mail client against the stand-in: what arrives, and each way in which an e-mail does not."""

import io
import logging
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from lib.clients.errors import AuthFailed, Busy, Rejected, RemoteError, Unreachable
from lib.clients.mail import MailConfig, Mailer, OutgoingMail, message_id
from lib.standins.mail import FAULTS, MailStandin

USER, PASSWORD = "hub-user", "s3cret-pass-word"
ID = message_id("suspend-104233-abcdefgh:mail", "example.com")
PRIVATE = ("ada.lane", "Quiet Subject", "Ada Lane", "private words", USER, PASSWORD)


@pytest.fixture(scope="module")
def _running(tmp_path_factory):
    with MailStandin(tmp_path_factory.mktemp("mail")) as standin:
        yield standin


@pytest.fixture
def standin(_running):
    yield _running
    _running.clear()


@pytest.fixture(scope="module")
def _guarded(tmp_path_factory):
    with MailStandin(tmp_path_factory.mktemp("guarded"), credentials=(USER, PASSWORD), smtputf8=False) as standin:
        yield standin


@pytest.fixture
def guarded(_guarded):
    """A mail server that asks for a sign-in and does not support international addresses."""
    yield _guarded
    _guarded.clear()


def mailer(standin, **changes):
    given = {
        "host": standin.host,
        "port": standin.port,
        "security": "none",
        "sender": "Jet Hub <hub@example.com>",
        "connect_seconds": 2,
        "read_seconds": 5,
    }
    return Mailer(MailConfig(**{**given, **changes}))


def mail(**changes):
    given = {
        "recipient": "ada.lane@example.com",
        "subject": "Quiet Subject",
        "text": "Dear Ada Lane,\nprivate words\n",
        "html": "<p>Dear Ada Lane, private words</p>\n",
        "message_id": ID,
        "what": "suspension notice of account 104233",
    }
    return OutgoingMail(**{**given, **changes})


def failure(client, letter=None):
    with pytest.raises(RemoteError) as caught:
        client.send(letter or mail())
    return caught.value


class TestArrival:
    def test_an_email_arrives_whole_and_counts_as_accepted(self, standin):
        accepted = mailer(standin).send(mail())
        (received,) = standin.messages()
        assert (accepted.message_id, accepted.queue_id) == (ID, "STANDIN000001")
        assert (received.message_id, received.sender) == (ID, "hub@example.com")
        assert received.recipients == ("ada.lane@example.com",)
        assert received.subject == "Quiet Subject"
        assert (received.text, received.html) == (mail().text, mail().html)
        headers = received.message
        assert headers["From"] == "Jet Hub <hub@example.com>"
        assert headers["To"] == "ada.lane@example.com"
        assert headers["Auto-Submitted"] == "auto-generated"
        assert headers.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in headers.iter_parts()] == ["text/plain", "text/html"]
        assert abs(parsedate_to_datetime(headers["Date"]) - datetime.now(UTC)) < timedelta(minutes=5)

    @pytest.mark.parametrize(
        ("part", "content"),
        [
            ("subject", "Ihr Konto – “Café Blå” 日本語 " * 8 + "🙂"),
            ("subject", "plain " * 40 + "end"),
            ("text", ".\n..\n.hidden\nFrom me\nquit\n" + "long " * 500 + "\nGrüße, 日本\n"),
            ("html", "<p>.</p>\n.\n<p>" + "é" * 3000 + "</p>\n"),
        ],
    )
    def test_what_is_hard_to_carry_arrives_unchanged(self, standin, part, content):
        mailer(standin).send(mail(**{part: content}))
        assert getattr(standin.messages()[0], part) == content

    def test_an_international_domain_goes_to_any_server(self, guarded):
        client = mailer(guarded, username=USER, password=PASSWORD)
        client.send(mail(recipient="ada@straße.example"))
        assert guarded.messages()[0].recipients == ("ada@xn--strae-oqa.example",)
        guarded.clear()
        client.send(mail(recipient="ada@bücher.example"))
        assert guarded.messages()[0].recipients == ("ada@xn--bcher-kva.example",)

    def test_an_international_name_goes_to_a_server_that_knows_them(self, standin):
        mailer(standin, sender="Bücher <jürgen@bücher.example>").send(mail(recipient="zoë@example.com"))
        received = standin.messages()[0]
        assert (received.sender, received.recipients) == ("jürgen@xn--bcher-kva.example", ("zoë@example.com",))
        assert received.message["To"] == "zoë@example.com"
        assert received.message["From"] == "Bücher <jürgen@xn--bcher-kva.example>"

    def test_and_is_refused_clearly_for_one_that_does_not(self, guarded):
        client = mailer(guarded, username=USER, password=PASSWORD)
        error = failure(client, mail(recipient="zoë@example.com"))
        assert (type(error), error.maybe_done) == (Rejected, False)
        assert "recipient refused: the address has characters that this server cannot carry" in str(error)
        assert guarded.messages() == []

    def test_threads_share_a_mailer(self, standin):
        client = mailer(standin)
        letters = [mail(message_id=message_id(f"run:{n}", "example.com"), text=f"{n}\n") for n in range(12)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(client.send, letters))
        assert sorted(int(received.text) for received in standin.messages()) == list(range(12))


class TestInjection:
    @pytest.mark.parametrize("ending", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\0"])
    @pytest.mark.parametrize("part", ["subject", "recipient", "message_id"])
    def test_a_line_break_is_refused_before_anything_is_sent(self, standin, part, ending):
        broken = {
            "subject": f"Hello{ending}Bcc: eve@example.com",
            "recipient": f"ada@example.com{ending}Bcc: eve@example.com",
            "message_id": f"<a{ending}Bcc: eve@example.com>",
        }
        error = failure(mailer(standin), mail(**{part: broken[part]}))
        assert (type(error), error.maybe_done) == (Rejected, False)
        assert "eve" not in str(error)
        assert standin.messages() == []

    @pytest.mark.parametrize(
        "recipient",
        [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example.com, eve@example.com",
            "ada@example.com eve@example.com",
            "Ada <ada@example.com>",
            "<ada@example.com>",
            '"ada lane"@example.com',
            "ada..lane@example.com",
            "ada@exa mple.com",
            "ada@-example.com",
            "ada@[127.0.0.1]",
            "ada@example.com> SIZE=1",
            "=?utf-8?q?a=0D=0AX?=@example.com",
            "a" * 65 + "@example.com",
            "ada@" + "example." * 40 + "com",
            "\ud800@example.com",
        ],
    )
    def test_a_recipient_that_is_not_one_address_is_refused(self, standin, recipient):
        error = failure(mailer(standin), mail(recipient=recipient))
        assert type(error) is Rejected
        assert "recipient refused" in str(error)
        assert not recipient or recipient not in str(error)
        assert standin.messages() == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"subject": "=?utf-8?q?a=0D=0ABcc:_eve@example.com?="},
            {"subject": ""},
            {"subject": "x" * 256},
            {"subject": "half \ud83d"},
            {"text": "half \ud83d"},
            {"text": " "},
            {"html": ""},
            {"message_id": "no-brackets@example.com"},
            {"message_id": "<" + "a" * 300 + "@example.com>"},
        ],
    )
    def test_other_parts_that_cannot_be_sent_are_refused(self, standin, wrong):
        assert type(failure(mailer(standin), mail(**wrong))) is Rejected
        assert standin.messages() == []


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "kind", "maybe_done", "kept", "said"),
        [
            ("connect", Unreachable, False, 0, "Nothing was changed."),
            ("busy", Busy, False, 0, "code 451, 4.3.2"),
            ("recipient", Rejected, False, 0, "recipient refused"),
            ("drop_before", Unreachable, False, 0, "Nothing was changed."),
            ("data", Rejected, False, 0, "code 554, 5.7.1"),
            ("drop_after", Unreachable, True, 1, "It is not known whether"),
        ],
    )
    def test_each_failure_says_what_can_be_done_next(self, standin, fault, kind, maybe_done, kept, said):
        standin.fail(fault)
        error = failure(mailer(standin))
        assert (type(error), error.maybe_done) == (kind, maybe_done)
        assert said in str(error)
        assert "suspension notice of account 104233" in str(error)
        assert standin.count(ID) == kept

    def test_a_server_that_is_down_is_unreachable(self, tmp_path):
        with MailStandin(tmp_path) as standin:
            client = mailer(standin)
            standin.stop()
            error = failure(client)
            assert (type(error), error.maybe_done) == (Unreachable, False)
            assert "connection refused" in str(error)
            standin.start()
            client.send(mail())

    def test_an_answer_that_takes_too_long_leaves_it_open(self, standin):
        standin.latency = 5
        error = failure(mailer(standin, read_seconds=0.2))
        assert (type(error), error.maybe_done) == (Unreachable, True)
        assert standin.count(ID) == 1

    def test_one_attempt_is_made_and_no_more(self, standin):
        standin.fail("busy", 1)
        client = mailer(standin)
        assert type(failure(client)) is Busy
        client.send(mail())
        assert standin.count(ID) == 1


class TestSignIn:
    def test_with_the_right_password_mail_is_taken(self, guarded):
        mailer(guarded, username=USER, password=PASSWORD).send(mail())
        assert guarded.count(ID) == 1

    def test_a_wrong_password_is_reported_as_such(self, guarded):
        error = failure(mailer(guarded, username=USER, password="wrong-" + PASSWORD))
        assert (type(error), error.signed_out, error.maybe_done) == (AuthFailed, True, False)
        assert error.codes == ("535", "5.7.8")
        assert "did not accept the Account Manager's sign-in" in str(error)

    def test_a_missing_sign_in_is_reported_as_such(self, guarded):
        error = failure(mailer(guarded))
        assert (type(error), error.codes) == (AuthFailed, ("530", "5.7.0"))

    def test_a_server_without_sign_in_is_not_given_the_password(self, standin):
        error = failure(mailer(standin, username=USER, password=PASSWORD))
        assert type(error) is AuthFailed
        assert "no way to sign in" in str(error)

    def test_a_password_that_cannot_be_sent_is_not_quoted(self, guarded):
        error = failure(mailer(guarded, username=USER, password="päss"))
        assert type(error) is AuthFailed
        assert "päss" not in str(error)
        assert error.__context__ is None

    def test_a_refused_sign_in_heals(self, guarded):
        guarded.fail("auth", 5)
        client = mailer(guarded, username=USER, password=PASSWORD)
        assert type(failure(client)) is AuthFailed
        guarded.clear()
        client.send(mail())

    @pytest.mark.parametrize(
        "wrong",
        [
            {"username": USER},
            {"password": PASSWORD},
            {"username": USER, "password": PASSWORD, "host": "mail.example.com"},
            {"sender": "Jet Hub"},
            {"sender": "a@example.com\r\nBcc: eve@example.com"},
            {"sender": "Jet\nHub <hub@example.com>"},
            {"security": "ssl"},
            {"host": ""},
            {"port": 0},
        ],
    )
    def test_a_configuration_that_cannot_work_is_refused_without_its_values(self, standin, wrong):
        with pytest.raises(ValueError, match=r"[a-z]{4}") as caught:
            mailer(standin, **wrong)
        assert not any(secret in str(caught.value) for secret in (USER, PASSWORD, "eve"))

    def test_the_password_is_not_part_of_what_is_printed(self, guarded):
        assert PASSWORD not in repr(mailer(guarded, username=USER, password=PASSWORD).config)
        assert not any(secret in repr(mail()) for secret in PRIVATE)


class TestCheck:
    def test_a_good_server_passes_and_gets_no_mail(self, guarded):
        mailer(guarded, username=USER, password=PASSWORD).check()
        assert guarded.messages() == []

    def test_a_wrong_password_and_a_missing_server_are_found(self, guarded, tmp_path):
        with pytest.raises(AuthFailed):
            mailer(guarded, username=USER, password="wrong").check()
        with MailStandin(tmp_path) as standin:
            client = mailer(standin)
        with pytest.raises(Unreachable) as caught:
            client.check()
        assert caught.value.writes is False


class TestSecrets:
    @pytest.mark.parametrize("fault", sorted(FAULTS))
    def test_no_failure_shows_a_person_a_password_or_the_content(self, guarded, fault, caplog):
        caplog.set_level(logging.DEBUG)
        guarded.fail(fault, None)
        error = failure(mailer(guarded, username=USER, password=PASSWORD))
        told = io.StringIO()
        traceback.print_exception(error, file=told)
        told.write(str(error) + repr(error) + repr(vars(error)) + caplog.text)
        told.write(repr([vars(record) for record in caplog.records if record.name.startswith("lib.")]))
        assert not [secret for secret in PRIVATE if secret in told.getvalue()]
        assert (error.__context__, error.__cause__) == (None, None)
        assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301

    def test_neither_does_a_success(self, guarded, caplog):
        caplog.set_level(logging.DEBUG)
        mailer(guarded, username=USER, password=PASSWORD).send(mail())
        assert "suspension notice of account 104233" in caplog.text
        assert not [secret for secret in PRIVATE if secret in caplog.text]


class TestMessageId:
    def test_it_follows_from_run_and_step_alone_and_shows_neither(self):
        again = message_id("suspend-104233-abcdefgh:mail", "example.com")
        assert again == ID
        assert "104233" not in ID
        assert "suspend" not in ID
        others = {message_id(key, "example.com") for key in ("a:b", "a:c", "b:b", "a:b:1", "ä:b")}
        assert len(others) == 5
        assert message_id("a:b", "example.org") not in others

    @pytest.mark.parametrize(
        ("key", "domain"),
        [
            ("", "example.com"),
            ("a", ""),
            ("a", "exam ple"),
            ("a", "bücher.example"),
            ("a", "x>\r\ny"),
            ("a", "x" * 240),
        ],
    )
    def test_one_that_would_not_be_valid_is_not_made(self, key, domain):
        with pytest.raises(ValueError, match="Message-ID"):
            message_id(key, domain)

    def test_it_arrives_as_it_was_made_and_the_sender_gives_its_domain(self, standin):
        client = mailer(standin, sender="hub@" + "long-label-of-a-domain." * 5 + "example")
        made = message_id("run:step", client.config.domain)
        client.send(mail(message_id=made))
        assert standin.count(made) == 1
