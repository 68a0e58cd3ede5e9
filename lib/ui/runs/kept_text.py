"""A text area that keeps a draft, so a closed dialog or a restart does not lose the text."""

from datetime import datetime
from typing import Any

import streamlit as st

from lib.ui.runs.drafts import DraftPlace, show_restored
from lib.ui.widgets.text import plain


def kept_text_area(place: DraftPlace, label: str, value: str = "", *, key: str, **how: Any) -> str:
    """A text area that begins with this person's draft, or else with `value`; returns the text.

    Call `place.drop()` once the text was sent. `how` goes to `st.text_area`.
    """
    restored_key, place_key, outdated_key = f"{key}_restored", f"{key}_place", f"{key}_outdated"
    if key not in st.session_state or st.session_state.get(place_key) != place.where:
        st.session_state[place_key] = place.where
        draft = place.find()
        typed = str(draft.typed["text"]) if draft is not None else None
        # A draft that began with another text must not overwrite the new one.
        usable = draft is not None and draft.began_with.get("text") == value
        st.session_state[key] = typed if usable else value
        st.session_state[restored_key] = draft.saved_at if draft is not None and usable else None
        st.session_state[outdated_key] = None if usable else typed
    restored: datetime | None = st.session_state.get(restored_key)
    if show_restored(place.visit, restored, key=f"{key}_discard"):
        place.drop()
        st.session_state[key] = value
        restored = st.session_state[restored_key] = None
    if outdated := st.session_state.get(outdated_key):
        st.info(
            f"Somebody changed this text after you typed “{plain(outdated)}”. Yours was not saved.",
            icon=":material/history:",
        )
    current = str(st.session_state[key] or "")
    return st.text_area(label, current, key=key, on_change=_keep, args=(place, key, value), **how) or ""


def _keep(place: DraftPlace, key: str, value: str) -> None:
    text = str(st.session_state.get(key) or "")
    place.keep({"text": text} if text != value else {}, {"text": value})
