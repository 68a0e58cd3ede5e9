"""The one confirmation: the plan, the questions, and the button that starts it.

Every dialog and section that starts an action uses it, so what is started or approved is always the plan on the screen.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Literal

import streamlit as st

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.plan import Confirmation, Plan
from lib.domain.status import NOTE_LIMIT
from lib.domain.texts import trimmed
from lib.store.approvals import Approval
from lib.ui.dialogs import D, Dialog, close_dialog, current
from lib.ui.runs.drafts import DraftPlace
from lib.ui.runs.kept_text import kept_text_area
from lib.ui.runs.plan import show_notice, show_plan
from lib.ui.runs.second_person import offer_approval, offer_to_ask, show_other_plan, show_request, waits_for
from lib.ui.runs.start import make_plan, start_plan
from lib.ui.visit import Visit
from lib.ui.widgets import fragments
from lib.ui.widgets.draw_again import draw_again

# The browser allows scripts of a page by their hash, so this one is the same on each page.
NO_SPELLING = "document.querySelectorAll('[class*=_typed_field]').forEach(one => { one.spellcheck = false })"


@dataclass(frozen=True)
class Asked:
    """What differs from one confirmation to the next."""

    start: str | None = None
    """The label of the button; None for the action's verb."""
    reasons: Mapping[str, str] | None = None
    """Reason -> its words, where the person has to choose one and may add a note."""
    override: bool = False
    """Whether the person has to say why they override the pinned note."""
    way: str | None = None
    """How a second person gets here. Only for what is hard to reverse; the account number has to be typed, too."""
    request: Approval | None = None
    """The open request to a second person."""
    again: Literal["always", "blocked", "never"] = "never"
    """When there is a button to make the plan again; `blocked`: only while the plan cannot start."""
    blocked_too: bool = False
    """Whether the questions are shown even while the plan cannot start."""
    started: Callable[[], None] = lambda: None
    """Called once the run has begun."""


_NOTHING = Asked()


def show_confirmation(visit: Visit, dialog: Dialog, asked: Asked = _NOTHING) -> None:
    """The dialog's plan, and below it the questions and the button to start, to ask a second person, or to approve."""
    plan = dialog.plan
    if plan is not None:
        show_plan(plan)
    if plan is None or plan.blockers or not plan.steps:
        if plan is not None and asked.blocked_too:
            _ask(visit, plan, asked)
        show_notice(dialog)
        if asked.again != "never":
            _offer_check(visit, dialog)
        return
    waiting = waits_for(asked.request, visit)
    if waiting is None:
        _confirm(visit, dialog, plan, asked)
    elif waiting.fingerprint != plan.fingerprint:
        show_other_plan(visit, dialog, plan, waiting, asked.way or "")
    else:
        show_request(visit, waiting)
        typed = _type_number(visit, plan)
        show_notice(dialog)
        offer_approval(visit, dialog, plan, typed)


def confirm_in_dialog(
    visit: Visit, dialog: D, body: Callable[[Visit, D], None], *, width: Literal["medium", "large"] = "medium"
) -> None:
    """Draw the body as a dialog over the page. At each click it gets the dialog as it is then."""

    @wraps(body)
    def draw() -> None:
        now = current(dialog)
        if now is None:
            # Closed, or another one is open, since the page was drawn.
            draw_again()
        body(visit, now)

    fragments.dialog(dialog.title, draw, width=width, on_dismiss=close_dialog)()


@contextmanager
def confirm_in_section(dialog: Dialog, warning: str) -> Iterator[None]:
    """A box on the page for a long plan: the title, a button to close it, and the warning in red."""
    with st.container(border=True):
        head, close = st.columns([5, 1], vertical_alignment="center")
        head.subheader(dialog.title, anchor=False)
        if close.button("Close", icon=":material/close:", type="tertiary", key=f"close_{dialog.name}"):
            close_dialog()
            draw_again()
        st.error(warning, icon=":material/warning:")
        yield


def _confirm(visit: Visit, dialog: Dialog, plan: Plan, asked: Asked) -> None:
    given = _ask(visit, plan, asked)
    if asked.way is not None:
        given = given.model_copy(update={"typed": _type_number(visit, plan)})
    show_notice(dialog)
    if asked.request is not None:
        show_request(visit, asked.request)
    with st.container(horizontal=True):
        start = asked.start or ACTIONS[plan.kind].verb
        if st.button(start, type="primary", icon=":material/play_arrow:", key=f"start_{plan.id}"):
            if start_plan(visit, dialog, plan, given):
                if asked.reasons is not None:
                    _note_place(visit, plan).drop()
                asked.started()
                close_dialog(dialog.place)
            draw_again()
        if asked.way is not None and visit.app.settings.four_eyes:
            offer_to_ask(visit, dialog, plan, asked.request, asked.way)
        if asked.again == "always":
            _offer_check(visit, dialog)


def _ask(visit: Visit, plan: Plan, asked: Asked) -> Confirmation:
    if asked.reasons is None:
        return Confirmation()
    reason = st.selectbox(
        "Reason",
        list(asked.reasons),
        index=None,
        format_func=asked.reasons.__getitem__,
        key=f"{plan.kind}_reason",
    )
    note = kept_text_area(
        _note_place(visit, plan),
        "Note",
        key=f"{plan.kind}_note",
        max_chars=NOTE_LIMIT,
        placeholder="Note for colleagues",
    )
    override = None
    if asked.override:
        override = st.text_input("Why are you overriding the pinned note?", key=f"{plan.kind}_override")
    return Confirmation(reason=reason, note=note, override=override)


def _note_place(visit: Visit, plan: Plan) -> DraftPlace:
    return DraftPlace(visit, f"{plan.kind}_note")


def _offer_check(visit: Visit, dialog: Dialog) -> None:
    if st.button("Check again", icon=":material/refresh:", key="look_again"):
        make_plan(visit, dialog, dialog.name, dialog.params)
        draw_again()


def _type_number(visit: Visit, plan: Plan) -> str:
    """What was typed. The browser neither completes nor spell-checks it; pasting is allowed."""
    key = f"{plan.kind}_typed"
    with st.container(key=f"{key}_field"):
        typed = st.text_input(
            f"Type the account number {visit.account.number} to confirm",
            key=key,
            # The browser must not offer what was typed for another account.
            autocomplete="off",
        )
    # Streamlit has no option to switch the spell check off.
    st.html(f"<script>{NO_SPELLING}</script>", unsafe_allow_javascript=True, width="content")
    return trimmed(typed)
