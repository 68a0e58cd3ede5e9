"""What is open in a session is one value, and a change replaces it."""

from streamlit.testing.v1 import AppTest


def _replace():
    from lib.ui.dialogs import Dialog, change, current, opened_dialog

    first = change(Dialog(name="suspend", account="1001"), notice="Choose a reason.")
    changed = change(first, notice=None)
    assert (first.notice, changed.notice) == ("Choose a reason.", None)
    assert current(first) is opened_dialog("1001") is changed
    assert opened_dialog("1002") is None


def _close():
    from lib.ui.dialogs import Dialog, close_dialog, current, keep

    refresh, other = (keep(Dialog(name=name, account="1001")) for name in ("refresh_rules", "suspend"))
    elsewhere = keep(Dialog(name="edit_contact", account="1001", place="contact_form"))
    assert current(refresh) is None, "another dialog took its place"
    assert current(other) is other
    close_dialog()
    assert current(other) is None
    assert current(elsewhere) is elsewhere, "a form stays on its page"


def test_a_change_replaces_the_dialog_and_leaves_the_old_value_alone():
    assert not AppTest.from_function(_replace).run().exception


def test_a_dialog_that_was_closed_or_replaced_is_no_longer_there():
    assert not AppTest.from_function(_close).run().exception
