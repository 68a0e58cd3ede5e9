"""The field in which the account number is typed before something that is hard to reverse."""

import streamlit as st

from lib.domain.accounts import Account
from lib.domain.texts import trimmed


def type_number(account: Account, *, key: str) -> str:
    """What was typed so far, without spaces and unseen characters around it.

    The browser neither completes it nor looks it up in a dictionary; pasting is allowed.
    """
    with st.container(key=f"{key}_field"):
        typed = st.text_input(
            f"Type the account number {account.number} to confirm",
            key=key,
            # The browser must not offer what was typed for another account.
            autocomplete="off",
        )
    # Streamlit has no option for this. What is set around a field holds for the field.
    st.html(
        f"<script>document.querySelector('.st-key-{key}_field').spellcheck = false</script>",
        unsafe_allow_javascript=True,
        width="content",
    )
    return trimmed(typed)
