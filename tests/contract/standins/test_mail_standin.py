"""The mail stand-in, as every SMTP client sees it."""

import smtplib
from email.message import EmailMessage

import pytest

from lib.standins.mail import FAULTS, MailStandin


def letter(message_id="<am.1@example.com>", text="Hello\n"):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Grüße", "hub@example.com", "ada@example.com"
    message["Message-ID"] = message_id
    message.set_content(text)
    return message


def deliver(standin, *letters, recipients="ada@example.com"):
    with smtplib.SMTP(standin.host, standin.port, local_hostname="test", timeout=10) as client:
        for one in letters or (letter(),):
            client.send_message(one, to_addrs=recipients)


def test_its_messages_survive_a_restart_at_the_same_port(tmp_path):
    first = MailStandin(tmp_path / "new")
    first.start()
    deliver(first, letter(text="one\n"))
    port = first.port
    first.close()
    with MailStandin(tmp_path / "new", port) as second:
        assert second.port == port
        deliver(second, letter("<am.2@example.com>", "two\n"))
        assert [received.text for received in second.messages()] == ["one\n", "two\n"]
        assert [received.message["Subject"] for received in second.messages()] == ["Grüße", "Grüße"]


def test_a_message_that_comes_again_is_kept_and_marked(tmp_path):
    with MailStandin(tmp_path) as standin:
        deliver(standin, letter(), letter("<am.2@example.com>"), letter())
        assert [received.repeat for received in standin.messages()] == [False, False, True]
        assert standin.count("<am.1@example.com>") == 2
        assert standin.count("<am.3@example.com>") == 0


def test_messages_without_an_id_are_not_repeats(tmp_path):
    with MailStandin(tmp_path) as standin:
        with smtplib.SMTP(standin.host, standin.port, local_hostname="test", timeout=10) as client:
            for _ in range(2):
                client.sendmail("hub@example.com", ["a@example.com", "b@example.com"], b"\r\nx\r\n")
        received = standin.messages()
        assert [one.repeat for one in received] == [False, False]
        assert received[0].recipients == ("a@example.com", "b@example.com")
        assert (received[0].subject, received[0].text, received[0].html) == ("", "x\n", "")


def test_stop_cuts_connections_and_start_takes_the_same_port(tmp_path):
    with MailStandin(tmp_path) as standin:
        port = standin.port
        client = smtplib.SMTP(standin.host, port, local_hostname="test", timeout=10)
        standin.stop()
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()
        with pytest.raises(ConnectionRefusedError):
            smtplib.SMTP(standin.host, port, local_hostname="test", timeout=10)
        standin.start()
        standin.start()
        assert standin.port == port
        deliver(standin)
        assert standin.count("<am.1@example.com>") == 1


def test_a_taken_port_is_an_error(tmp_path):
    with MailStandin(tmp_path / "a") as standin:
        other = MailStandin(tmp_path / "b", standin.port)
        with pytest.raises(OSError, match="in use"):
            other.start()
        other.close()


def test_a_fault_happens_as_often_as_asked_and_clear_ends_it(tmp_path):
    with MailStandin(tmp_path) as standin:
        standin.fail("recipient", 2)
        for _ in range(2):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                deliver(standin)
        deliver(standin)
        standin.fail("data", None)
        for _ in range(3):
            with pytest.raises(smtplib.SMTPDataError):
                deliver(standin)
        standin.clear()
        assert standin.messages() == []
        deliver(standin)
        assert standin.count("<am.1@example.com>") == 1


@pytest.mark.parametrize(("kind", "times"), [("explode", 1), ("data", 0), ("data", -1)])
def test_a_fault_that_makes_no_sense_is_refused(tmp_path, kind, times):
    standin = MailStandin(tmp_path)
    with pytest.raises(ValueError, match=r"a fault is one of|times is a"):
        standin.fail(kind, times)
    standin.close()


def test_mail_is_taken_only_after_a_sign_in_where_one_is_asked_for(tmp_path):
    with MailStandin(tmp_path, credentials=("hub", "pässwort")) as standin:
        with pytest.raises(smtplib.SMTPSenderRefused) as caught:
            deliver(standin)
        assert caught.value.smtp_code == 530
    with MailStandin(tmp_path) as standin, smtplib.SMTP(standin.host, standin.port, "test", 10) as client:
        client.ehlo()
        assert not client.has_extn("auth")


def test_every_fault_leaves_it_able_to_serve(tmp_path):
    with MailStandin(tmp_path) as standin:
        for kind in sorted(FAULTS - {"auth"}):
            standin.fail(kind)
            with pytest.raises((smtplib.SMTPException, OSError)):
                deliver(standin)
        deliver(standin)
        # One was kept by "drop_after", one came at last.
        assert standin.count("<am.1@example.com>") == 2
