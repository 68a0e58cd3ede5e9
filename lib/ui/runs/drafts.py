"""Drafts: what is typed into a form is kept by account and person, for a day.

Streamlit's session ends when the server restarts, and two minutes after a lost connection. The browser still shows what
was typed, but the new session does not know it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st
import structlog
from sqlalchemy.exc import SQLAlchemyError

from lib.store import drafts
from lib.store.drafts import Draft
from lib.store.engine import writing
from lib.ui import auth
from lib.ui.visit import Visit, under_way

log = structlog.get_logger(__name__)

TYPING_PAUSE = "500ms"
"""A field sends what is typed after this pause, so the one being typed in is kept, too."""


@dataclass(frozen=True)
class DraftPlace:
    """One form of an account, for one person. Nobody else ever sees this draft."""

    visit: Visit
    form: str

    @property
    def where(self) -> tuple[str, str, str]:
        """Account, person and form: the key of the draft."""
        return self.visit.account.number, self.visit.identity.email, self.form

    def find(self) -> Draft | None:
        """The draft, or None."""
        with self.visit.read() as connection:
            return drafts.find_draft(connection, *self.where)

    def keep(self, typed: dict[str, Any], began_with: dict[str, Any]) -> None:
        """Keep what is typed now, or drop the draft when nothing is typed."""
        # A field's callback runs before the page asks who is signed in.
        visit = under_way()
        now = visit.identity if visit else auth.current(self.visit.app)
        if now is None or now.email != self.visit.identity.email:
            return
        if not typed:
            self.drop()
            return
        try:
            with writing(self.visit.app.services.engine) as connection:
                drafts.save_draft(connection, *self.where, typed=typed, began_with=began_with)
        except SQLAlchemyError as error:
            # The form on the screen still has it; only a restart would lose it.
            log.warning("draft not kept", account=self.visit.account.number, form=self.form, why=type(error).__name__)

    def drop(self) -> None:
        """Delete the draft: it was sent or discarded."""
        if self.find() is not None:
            with writing(self.visit.app.services.engine) as connection:
                drafts.drop_draft(connection, *self.where)


def show_restored(visit: Visit, saved_at: datetime | None, *, key: str) -> bool:
    """Say that a draft is back and when it was typed; True at the click on Discard."""
    if saved_at is None:
        return False
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(f"What you typed at {visit.at(saved_at)} is back. It is not saved yet.", icon=":material/edit_note:")
        return st.button("Discard", icon=":material/delete:", key=key)
