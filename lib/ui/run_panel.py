"""A run on the screen: live progress while it moves, Resume and Abandon when it failed, the receipt when it ended."""

from collections.abc import Callable

import streamlit as st

from lib.actions.catalogue import ACTIONS
from lib.actions.charge_map import HOUSE
from lib.actions.errors import ActionError
from lib.actions.progress import Progress
from lib.actions.receipt import STATES, VERDICTS, Receipt
from lib.actions.receipt_page import receipt_page
from lib.domain.permissions import Identity
from lib.domain.standing import REASON_WORDS
from lib.frames import items_frame, steps_frame
from lib.launch import Hub
from lib.ui.again import draw_again
from lib.ui.fragments import fragment
from lib.ui.moments import at
from lib.ui.navigation import DETAILS
from lib.ui.selection import named_account, show_run, shown_run
from lib.ui.tables import show_text_table
from lib.ui.text import plain, unlinked
from lib.ui.undo import offer_undo

POLL_SECONDS = 0.5
_ICONS = {
    "waiting": ":material/radio_button_unchecked:",
    "running": ":material/pending:",
    "done": ":material/check_circle:",
    "nothing": ":material/do_not_disturb_on:",
    "failed": ":material/error:",
    "not done": ":material/remove:",
}
_COLORS = {"done": "green", "failed": "red", "running": "blue"}


def show_runs(hub: Hub, account: str, identity: Identity) -> None:
    """The runs that are open on the account now, and the one the address asks for, if that is another."""
    held = [run.id for run in hub.runner.open_runs(account)]
    asked = shown_run()
    for run_id in held:
        _show(hub, run_id, account, identity)
    if asked and asked not in held:
        _show(hub, asked, account, identity)


def _show(hub: Hub, run_id: str, account: str, identity: Identity) -> None:
    try:
        progress = hub.runner.progress(run_id)
    except KeyError:
        st.warning(f"There is no receipt {plain(run_id)}.", icon=":material/search_off:")
        return
    run = progress.run
    if run.account != account and not (identity.may_choose_accounts and run.concerns(account)):
        _show_the_way(progress, identity)
    elif run.state == "running":
        fragment(_follow, run_every=POLL_SECONDS)(hub, run_id, account, identity)
    elif run.state == "failed":
        _show_failed(hub, progress, account, identity)
    else:
        _show_receipt(hub, progress, account, identity)


def _show_the_way(progress: Progress, identity: Identity) -> None:
    """Another account's receipt is not shown on this account's page, where it would be read as this one's."""
    run = progress.run
    st.warning("This receipt belongs to another account.", icon=":material/lock:")
    if identity.may_choose_accounts:
        st.page_link(
            DETAILS.path,
            label=f"Open it on account {run.account}",
            icon=":material/receipt_long:",
            query_params={"account": run.account, "run": run.id},
        )


def _follow(hub: Hub, run_id: str, account: str, identity: Identity) -> None:
    """One look at a moving run; when it has ended the whole page is drawn again with the new state."""
    progress = hub.runner.progress(run_id)
    run = progress.run
    if run.state != "running":
        hub.live.forget(run.account)
        if _page(account, identity) in (None, account):
            # Not in the address of another account, where the person went meanwhile.
            show_run(run_id)
        if run.state == "done":
            st.toast("Done. The receipt is on the page.", icon=":material/check_circle:")
        draw_again()
    with st.container(border=True):
        st.markdown(f"**{plain(run.plan['title'])}** · {plain(run.actor_name)}, since {at(hub, run.created_at)}")
        st.progress(
            progress.finished / max(len(progress.steps), 1),
            text=f"{progress.finished} of {len(progress.steps)} steps. You can close this page; it goes on by itself.",
        )
        _show_steps(progress)


def _show_failed(hub: Hub, progress: Progress, account: str, identity: Identity) -> None:
    run = progress.run
    with st.container(border=True):
        st.error(
            f"**{plain(run.plan['title'])} stopped** after {progress.finished} of {len(progress.steps)} steps. "
            f"{plain(run.error or '')} Quote {plain(run.id)}.",
            icon=":material/error:",
        )
        _show_steps(progress)
        if not identity.may(ACTIONS[run.kind].permission, run.account):
            st.caption(f"{plain(run.actor_name)} or another person with the right role can resume or abandon it.")
            return
        resume, abandon = st.columns(2)
        if resume.button(
            "Resume from the failed step", type="primary", icon=":material/resume:", key=f"resume_{run.id}"
        ):
            _try(lambda: hub.runner.resume(run.id, identity, opened=_page(account, identity)))
        with abandon.popover("Abandon", icon=":material/delete_forever:"):
            st.caption("What was done stays done; what was not done will not be done. The account becomes free.")
            reason = st.text_input("Why", key=f"why_{run.id}")
            if st.button("Abandon this action", key=f"abandon_{run.id}"):
                _try(lambda: hub.runner.abandon(run.id, identity, reason, opened=_page(account, identity)))


def _page(account: str, identity: Identity) -> str | None:
    """The account whose page asks, as the browser's address has it; None on the charge map, which has no account."""
    return None if account == HOUSE else named_account(identity) or ""


def _show_receipt(hub: Hub, progress: Progress, account: str, identity: Identity) -> None:
    run = progress.run
    receipt = hub.runner.receipt(run.id)
    markdown = receipt.markdown(hub.settings.time_zone)
    reason = REASON_WORDS.get(run.reason, run.reason) if run.reason else None
    with st.container(border=True):
        head, close = st.columns([6, 1], vertical_alignment="center")
        mark = ":green[:material/check_circle:]" if run.state == "done" else ":gray[:material/cancel:]"
        head.markdown(
            f"{mark} **{VERDICTS[run.state]}: {plain(run.plan['title'])}** · "
            f"{plain(run.actor_name)}, {at(hub, run.closed_at)}"
        )
        if close.button("Close", icon=":material/close:", type="tertiary", key=f"close_{run.id}"):
            show_run(None)
            draw_again()
        note = " · ".join((run.note or "").splitlines())
        why = " · ".join(plain(text) for text in (reason, note) if text)
        if why:
            st.caption(why)
        if progress.abandoned_by:
            st.caption(f"Abandoned by {unlinked(progress.abandoned_by)}: {plain(progress.abandon_reason or '')}")
        show_text_table(steps_frame(progress, hub.settings.time_zone), "Receipt")
        _show_items(receipt)
        with st.container(horizontal=True):
            st.download_button(
                "Download the receipt",
                lambda: receipt_page(receipt, hub.settings.time_zone).encode(),
                file_name=f"{run.id}.html",
                mime="text/html",
                icon=":material/download:",
                key=f"download_{run.id}",
                on_click="ignore",
                help="One page to keep or print",
            )
            offer_undo(hub, progress, account, identity)
        with st.expander("Copy for a ticket", icon=":material/content_copy:"):
            st.code(markdown, language="markdown", wrap_lines=True)


def _show_items(receipt: Receipt) -> None:
    """What was done to each number or thing, under the steps that told it."""
    run = receipt.progress.run
    for step in receipt.progress.steps:
        if items := receipt.items.get(step.name):
            with st.expander(f"{step.title}: {len(items):,} in detail", icon=":material/list:"):
                st.dataframe(items_frame(items), hide_index=True, alt=step.title, key=f"items_{run.id}_{step.name}")


def _show_steps(progress: Progress) -> None:
    for step in progress.steps:
        color = _COLORS.get(step.state, "gray")
        counted = f" ({step.count})" if step.state == "done" else ""
        # What stopped the run stands in its headline already.
        text = "" if step.text == progress.run.error else plain(step.text)
        if step.state == "running" and step.items_total:
            text = f"{step.items_done:,} of {step.items_total:,}"
        st.markdown(f":{color}[{_ICONS[step.state]} {step.title}: {STATES[step.state]}{counted}] {text}".strip())


def _try(act: Callable[[], None]) -> None:
    try:
        act()
    except ActionError as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        draw_again()
