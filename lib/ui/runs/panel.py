"""A run on the screen: its progress, Resume and Abandon when it failed, and the receipt when it has ended."""

from collections.abc import Callable

import streamlit as st

from lib.actions.billing.charge_map import HOUSE
from lib.actions.catalogue import ACTIONS
from lib.actions.engine.errors import ActionError
from lib.actions.engine.handing_out import Parcel, hand_out
from lib.actions.engine.progress import Progress
from lib.actions.engine.receipt import VERDICTS, Receipt, result_of
from lib.actions.engine.receipt_page import receipt_page
from lib.domain.permissions import Identity, Permission
from lib.domain.status import REASON_WORDS
from lib.domain.words import counted
from lib.store.runs import Run
from lib.ui.navigation import DETAILS
from lib.ui.runs.tables import STEP_COLORS, items_frame, steps_frame
from lib.ui.runs.undo import offer_undo
from lib.ui.selection import named_account, show_run, shown_run
from lib.ui.visit import Visit
from lib.ui.widgets.downloads import offer_download
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.fragments import fragment
from lib.ui.widgets.tables import show_grid, show_text_table
from lib.ui.widgets.text import dotted, plain, unlinked

POLL_SECONDS = 0.5
_ICONS = {
    "waiting": ":material/radio_button_unchecked:",
    "running": ":material/pending:",
    "done": ":material/check_circle:",
    "nothing": ":material/do_not_disturb_on:",
    "failed": ":material/error:",
    "not done": ":material/remove:",
}


def show_runs(visit: Visit) -> None:
    """The open runs of the page's account, and the run in the address. A customer sees none of them."""
    asked = shown_run()
    if not visit.staff:
        if asked:
            st.info("Receipts are for our staff, so none is shown here.", icon=":material/lock:")
        return
    opened = [run.id for run in visit.app.runner.open_runs(_subject(visit), visit.identity)]
    for run_id in dict.fromkeys([*opened, *([asked] if asked else [])]):
        _show(visit, run_id)


def _show(visit: Visit, run_id: str) -> None:
    try:
        progress = visit.app.runner.progress(run_id, visit.identity)
    except KeyError:
        st.warning(f"There is no receipt {plain(run_id)}.", icon=":material/search_off:")
        return
    run = progress.run
    if run.account != _subject(visit) and not run.concerns(_subject(visit)):
        _link_to_account(run)
    elif run.state == "running":
        fragment(_follow, run_every=POLL_SECONDS)(visit, run_id)
    elif run.state == "failed":
        _show_failed(visit, progress)
    else:
        _show_receipt(visit, progress)


def _link_to_account(run: Run) -> None:
    """Another account's receipt is not shown on this account's page, where it could be taken for this account's."""
    st.warning("This receipt belongs to another account.", icon=":material/lock:")
    st.page_link(
        DETAILS.path,
        label=f"Open it on account {run.account}",
        icon=":material/receipt_long:",
        query_params={"account": run.account, "run": run.id},
    )


def _follow(visit: Visit, run_id: str) -> None:
    """The progress of a run; when it has ended, the whole page is drawn again."""
    progress = visit.app.runner.progress(run_id, visit.identity)
    run = progress.run
    if run.state != "running":
        visit.app.live.forget(run.account)
        if _page(visit) in (None, _subject(visit)):
            # Not in the address of another account that was opened in the meantime.
            show_run(run_id)
        if run.state == "done":
            st.toast("Done. The receipt is on the page.", icon=":material/check_circle:")
        draw_again()
    with st.container(border=True):
        st.markdown(f"**{plain(run.plan['title'])}** · {plain(run.actor_name)}, since {visit.at(run.created_at)}")
        st.progress(
            progress.finished / max(len(progress.steps), 1),
            text=f"{progress.finished} of {len(progress.steps)} steps. You can close this page; it goes on by itself.",
        )
        _show_steps(progress)


def _show_failed(visit: Visit, progress: Progress) -> None:
    run = progress.run
    with st.container(border=True):
        st.error(
            f"**{plain(run.plan['title'])} stopped** after {progress.finished} of {len(progress.steps)} steps. "
            f"{plain(run.error or '')} Quote {plain(run.id)}.",
            icon=":material/error:",
        )
        _show_steps(progress)
        if not visit.may(ACTIONS[run.kind].permission):
            st.caption(f"{plain(run.actor_name)} or another person with the right role can resume or abandon it.")
            return
        resume, abandon = st.columns(2)
        if resume.button(
            "Resume from the failed step", type="primary", icon=":material/resume:", key=f"resume_{run.id}"
        ):
            _try(lambda: visit.app.runner.resume(run.id, visit.identity, opened=_page(visit)))
        with abandon.popover("Abandon", icon=":material/delete_forever:"):
            st.caption("Finished steps are kept, the rest are skipped, and the account is unlocked.")
            reason = st.text_input("Why", key=f"why_{run.id}")
            if st.button("Abandon this action", key=f"abandon_{run.id}"):
                _try(lambda: visit.app.runner.abandon(run.id, visit.identity, reason, opened=_page(visit)))


def _subject(visit: Visit) -> str:
    """Whose runs the page shows: the account's, or those of the charge map."""
    return visit.opened.number if visit.opened else HOUSE


def _page(visit: Visit) -> str | None:
    """The account in the browser's address; None on the charge map, which has no account."""
    return (named_account(visit) or "") if visit.opened else None


def _show_receipt(visit: Visit, progress: Progress) -> None:
    run = progress.run
    receipt = visit.app.runner.receipt(run.id, visit.identity)
    markdown = receipt.markdown(visit.app.settings.time_zone)
    reason = REASON_WORDS.get(run.reason, run.reason) if run.reason else ""
    with st.container(border=True):
        head, close = st.columns([6, 1], vertical_alignment="center")
        mark = ":green[:material/check_circle:]" if run.state == "done" else ":gray[:material/cancel:]"
        head.markdown(
            f"{mark} **{VERDICTS[run.state]}: {plain(run.plan['title'])}** · "
            f"{plain(run.actor_name)}, {visit.at(run.closed_at)}"
        )
        if close.button("Close", icon=":material/close:", type="tertiary", key=f"close_{run.id}"):
            show_run(None)
            draw_again()
        if why := dotted(*map(plain, [reason, *(run.note or "").splitlines()])):
            st.caption(why)
        if progress.abandoned_by:
            st.caption(f"Abandoned by {unlinked(progress.abandoned_by)}: {plain(progress.abandon_reason or '')}")
        show_text_table(steps_frame(progress, visit.app.settings.time_zone), "Receipt")
        _show_items(receipt)
        with st.container(horizontal=True):
            offer_download(
                "Download the receipt",
                lambda: receipt_file(visit, run),
                file_name=f"{run.id}.html",
                mime="text/html",
                key=f"download_{run.id}",
                help="One page to keep or print",
            )
            offer_undo(visit, progress)
        with st.expander("Copy for a ticket", icon=":material/content_copy:"):
            st.code(markdown, language="markdown", wrap_lines=True)


def receipt_file(visit: Visit, run: Run) -> bytes:
    """The receipt as one page of HTML.

    Raises:
        PermissionError: this person may not see it (any more).
    """

    def page(reader: Identity) -> tuple[bytes, int]:
        receipt = visit.app.runner.receipt(run.id, reader)
        rows = len(receipt.progress.steps) + sum(map(len, receipt.items.values()))
        return receipt_page(receipt, visit.app.settings.time_zone).encode(), rows

    parcel = Parcel("receipt", run.account, Permission.RUN_SEE, run=run.id)
    return hand_out(visit.app.services, visit.identity, parcel, page)


def _show_items(receipt: Receipt) -> None:
    """What each step did to each number or thing."""
    run = receipt.progress.run
    for step in receipt.progress.steps:
        if items := receipt.items.get(step.name):
            with st.expander(f"{step.title}: show {counted(len(items), 'item')}", icon=":material/list:"):
                show_grid(items_frame(items), step.title, key=f"items_{run.id}_{step.name}")


def _show_steps(progress: Progress) -> None:
    for step in progress.steps:
        color = STEP_COLORS.get(step.state, "gray")
        # What stopped the run is in the headline already.
        text = "" if step.stopped_run else plain(step.text)
        if step.state == "running" and step.items_total:
            text = f"{step.items_done:,} of {step.items_total:,}"
        st.markdown(f":{color}[{_ICONS[step.state]} {step.title}: {result_of(step)}] {text}".strip())


def _try(act: Callable[[], None]) -> None:
    try:
        act()
    except ActionError as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        draw_again()
