"""What sending an e-mail of the history again would do."""

from datetime import UTC, datetime

import pytest

from lib.actions.emails.resend_email import Found, ResendEmail
from lib.domain.emails import EmailKind
from lib.store.emails import EmailDetail
from tests.common.factories import make_account, make_wish

FIRST = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)


def make_email(**changes):
    values = {"id": 7, "kind": EmailKind.SUSPENSION_NOTICE, "subject": "Suspended", "recipient": "ada@example.com"}
    rest = {"sent_at": FIRST, "state": "accepted", "body": "Dear Ada,\n", "resent_from": None}
    return EmailDetail(**(values | rest | changes))


def decide(email, to="original"):
    return ResendEmail().decide(Found(make_account(), email), make_wish(email=7, to=to))


@pytest.mark.parametrize(("to", "recipient"), [("original", "ada@example.com"), ("me", "lead@example.com")])
def test_it_goes_word_for_word_to_the_recipient_or_to_whoever_asks(to, recipient):
    draft = decide(make_email(), to)
    assert draft.title == "Send an e-mail of 1001 - Wattle Plumbing again"
    (effect,) = draft.effects
    assert (effect.system, effect.text, effect.after) == ("E-mail", "“Suspended”, word for word", recipient)
    assert draft.warnings == ("It was first sent on 1 November 2026. Check that what it says is still true.",)
    assert draft.untouched == ("The first e-mail in the history.",)
    assert (draft.steps, draft.facts) == (("mail",), {"recipient": recipient, "subject": "Suspended"})
    assert draft.blockers == ()


@pytest.mark.parametrize(
    ("email", "says"),
    [
        (None, "This e-mail is no longer in the history of the account, so it cannot be sent again."),
        (make_email(kind=EmailKind.ONE_TIME_CODE, body=None), "because it can be used to sign in"),
        (make_email(body=None), "The text of this e-mail was not kept, so it cannot be sent again."),
        (make_email(body=" \n"), "The text of this e-mail was not kept"),
        (make_email(kind="of a later version"), "The text of this e-mail was not kept"),
        (make_email(recipient="no address"), "It cannot be sent to no address."),
    ],
)
def test_what_cannot_be_sent_again(email, says):
    (blocker,) = decide(email).blockers
    assert says in blocker
