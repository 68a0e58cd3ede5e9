"""The mail client against a server whose answers a test writes."""

import contextlib
import socket
import threading
from dataclasses import replace

import pytest

from lib.clients.errors import AuthFailed, Busy, Rejected, RemoteError, UnexpectedReply, Unreachable
from lib.clients.mail import Accepted, MailConfig, Mailer, OutgoingMail

SILENCE, ENDLESS, CUT = "silence", "endless", "cut"
DEAF = "354 go on, but nobody reads"
HELLO = ("220 here", "250-here\r\n250 SIZE 5000", "250 sender", "250 recipient", "354 go on", "250 ok", "221 bye")
GREETING, EHLO, MAIL, RCPT, DATA, END, QUIT = range(7)
LETTER = OutgoingMail("ada@example.com", "Subject", "text", "<p>text</p>", "<am.1@example.com>")


class Script:
    """Answers the greeting, each command and the end of the message with the next reply, to one client."""

    def __init__(self, *replies: str) -> None:
        self._replies = replies
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.seen: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._listener.close()

    def _serve(self) -> None:
        wire, _ = self._listener.accept()
        with wire, wire.makefile("rb") as lines, contextlib.suppress(OSError):
            for reply in self._replies:
                if reply == CUT:
                    return
                if reply == SILENCE:
                    break
                while reply == ENDLESS:
                    wire.sendall(b"250-more\r\n")
                wire.sendall(reply.encode() + b"\r\n")
                if reply == DEAF:
                    return
                if not self._heard(lines, message=reply.startswith("354")):
                    return
            lines.read()

    def _heard(self, lines, *, message: bool) -> bool:
        while line := lines.readline():
            if not message:
                self.seen.append(line.decode().strip())
            if not message or line == b".\r\n":
                return True
        return False


def script(**changes: str) -> Script:
    """The usual replies with some of them changed, by name of the step."""
    replies = list(HELLO)
    for name, reply in changes.items():
        replies[globals()[name]] = reply
    return Script(*replies)


def mailer(server, **changes):
    given = {"security": "none", "sender": "hub@example.com", "connect_seconds": 1, "read_seconds": 3}
    return Mailer(MailConfig(host="127.0.0.1", port=server.port, **{**given, **changes}))


def failure(server, **changes):
    with server, pytest.raises(RemoteError) as caught:
        mailer(server, **changes).send(LETTER)
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    ("step", "kinds"),
    [
        ("GREETING", (Busy, Rejected)),
        ("MAIL", (Busy, Rejected)),
        ("RCPT", (Busy, Rejected)),
        ("DATA", (Busy, Rejected)),
        ("END", (Busy, Rejected)),
    ],
)
def test_a_refusal_at_any_step_sent_nothing(step, kinds):
    for code, kind in zip((451, 554), kinds, strict=True):
        error = failure(script(**{step: f"{code} <ada@example.com> is not wanted"}))
        assert (type(error), error.maybe_done, error.codes) == (kind, False, (str(code),))
        assert "ada" not in str(error)
        assert "wanted" not in str(error)


@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", [CUT, SILENCE])
def test_a_connection_lost_before_the_message_sent_nothing(step, reply):
    error = failure(script(**{step: reply}), read_seconds=0.3)
    assert (type(error), error.maybe_done) == (Unreachable, False)


def test_a_connection_lost_within_the_message_sent_nothing():
    with script(DATA=DEAF) as server, pytest.raises(RemoteError) as caught:
        mailer(server).send(replace(LETTER, text="more than fits on the way\n" * 1_000_000))
    assert (type(caught.value), caught.value.maybe_done) == (Unreachable, False)


@pytest.mark.parametrize("reply", [CUT, SILENCE])
def test_an_answer_lost_after_the_message_leaves_it_open(reply):
    error = failure(script(END=reply), read_seconds=0.3)
    assert (type(error), error.maybe_done) == (Unreachable, True)
    assert "may have been accepted" in str(error)
    assert "it took too long" not in str(error)


@pytest.mark.parametrize("answer", ["hello", "999 what", "334 more", "x" * 10_000])
def test_an_answer_that_is_not_smtp_is_unexpected(answer):
    early, late = failure(script(RCPT=answer)), failure(script(END=answer))
    assert (type(early), early.maybe_done) == (UnexpectedReply, False)
    assert (type(late), late.maybe_done) == (UnexpectedReply, True)


@pytest.mark.parametrize(("step", "maybe_done"), [("GREETING", False), ("RCPT", False), ("END", True)])
def test_an_answer_without_end_is_cut_off(step, maybe_done):
    error = failure(script(**{step: ENDLESS}), read_seconds=0.1)
    assert (type(error), error.maybe_done) == (Unreachable, maybe_done)
    assert "it took too long" in str(error)


@pytest.mark.parametrize("reply", [CUT, SILENCE, "500 no", "?"])
def test_what_follows_the_acceptance_changes_nothing(reply):
    with script(QUIT=reply) as server:
        accepted = mailer(server, connect_seconds=0.3).send(LETTER)
    assert accepted == Accepted("<am.1@example.com>")
    assert server.seen[-1] == "quit" or server.seen[-1] == "QUIT"


@pytest.mark.parametrize(
    ("answer", "queue_id"),
    [
        ("250 2.0.0 Ok: queued as 4XyZ9a1bcd", "4XyZ9a1bcd"),
        ("250 OK id=1rAbCd-0000Ef-2G", "1rAbCd-0000Ef-2G"),
        ("250 2.0.0 49A1bCdE012345 Message accepted for delivery", "49A1bCdE012345"),
        ("250 thanks, ada@example.com", None),
    ],
)
def test_the_name_in_the_servers_own_log_is_kept(answer, queue_id):
    with script(END=answer) as server:
        assert mailer(server).send(LETTER).queue_id == queue_id


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("550 5.1.1 x", "recipient refused: it knows no such mailbox"),
        ("552 5.2.2 x", "recipient refused: the mailbox is full"),
        ("550 5.7.1 x", "recipient refused: its rules do not allow it"),
        ("550 5.9.99 x", "recipient refused. "),
        ("550-5.1.10 x\r\n550 5.1.10 y", "recipient refused: the domain accepts no mail"),
    ],
)
def test_the_reason_comes_from_the_code_alone(reply, words):
    error = failure(script(RCPT=reply))
    assert type(error) is Rejected
    assert words in str(error)


def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way():
    replies = list(HELLO)
    replies[EHLO : EHLO + 1] = ["502 what", "250 here"]
    with Script(*replies) as server:
        mailer(server).send(LETTER)
    assert [line.split()[0].upper() for line in server.seen[:3]] == ["EHLO", "HELO", "MAIL"]
    assert "SIZE" not in server.seen[2]


def test_the_size_is_given_to_a_server_that_asks_for_it():
    with script() as server:
        mailer(server).send(LETTER)
    assert "SIZE=" in server.seen[1].upper()


def test_without_starttls_nothing_is_sent_unencrypted():
    server = script(EHLO="250-here\r\n250 AUTH PLAIN LOGIN", MAIL="221 bye")
    error = failure(server, security="starttls", username="hub", password="s3cret")
    assert (type(error), error.maybe_done) == (Unreachable, False)
    assert "STARTTLS" in str(error)
    assert [line.split()[0].upper() for line in server.seen] == ["EHLO", "QUIT"]


@pytest.mark.parametrize("answer", ["454 4.7.0 not now", "421 closing"])
def test_a_sign_in_that_is_put_off_is_busy(answer):
    server = script(EHLO="250-here\r\n250 AUTH PLAIN", MAIL=answer, RCPT="221 bye")
    error = failure(server, username="hub", password="s3cret")
    assert (type(error), error.maybe_done) == (Busy, False)


@pytest.mark.parametrize("answer", ["535 no", "534 weak", "550 no"])
def test_a_refused_sign_in_is_a_problem_of_our_credentials(answer):
    server = script(EHLO="250-here\r\n250 AUTH PLAIN", MAIL=answer, RCPT="221 bye")
    error = failure(server, username="hub", password="s3cret")
    assert (type(error), error.signed_out) == (AuthFailed, True)


def test_an_unknown_host_is_unreachable():
    with pytest.raises(Unreachable, match="could not be reached"):
        Mailer(MailConfig(host="127.0.0.1.invalid.", port=25, security="none", sender="hub@example.com")).send(LETTER)
