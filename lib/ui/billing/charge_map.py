"""The charge map: which Zuora charge grants which allowance, as a table one edits."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from lib.actions.billing.charge_map import HOUSE, to_params
from lib.actions.catalogue import ACTIONS
from lib.actions.engine.plan import Plan
from lib.domain.allowances import LABELS, NAME_LIMIT, NUMBER_LIMIT, MapRow, label_of
from lib.store import billing
from lib.ui.runs.panel import show_runs
from lib.ui.runs.plan import make_plan, show_notice, show_plan, start_plan
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.tables import edit_grid

_STATE = "charge_map"
_ROUNDS = "charge_map_rounds"
_COLUMNS = ["Charge name", "Charge number", "Allowance"]


def show_charge_map(visit: Visit) -> None:
    """The page: the map to edit, what would change, and the run that saves it."""
    st.subheader("Charge map", anchor=False)
    show_runs(visit, HOUSE)
    if visit.app.runner.open_run(HOUSE, visit.identity) is not None:
        # What is edited from now on has to begin with what that run stores.
        st.session_state.pop(_STATE, None)
        return
    state = _state(visit)
    st.caption(
        "Each row says which allowance a charge in Zuora grants: a charge by its number (PRPC-…) or by its name. "
        "A number counts before a name. Allowances change when their subscription is refreshed."
    )
    edited = _edit(state)
    with st.container(horizontal=True):
        if st.button("Show what changes", icon=":material/preview:"):
            params = {"rows": to_params(_rows(edited)), "base": to_params(state["base"])}
            make_plan(visit, "charge_map", HOUSE, params, state)
        if st.button("Start again", icon=":material/restart_alt:", help="Reads the map anew and drops your changes."):
            st.session_state.pop(_STATE)
            draw_again()
    plan: Plan | None = state["plan"]
    if plan is not None:
        show_plan(plan)
    show_notice(state)
    if plan is not None and plan.steps and not plan.blockers:
        if plan.params["rows"] != to_params(_sorted(_rows(edited))):
            st.caption("The table was edited since. Press Show what changes again to include that.")
        if st.button(ACTIONS[plan.kind].verb, type="primary", icon=":material/save:", key=f"start_{plan.id}"):
            start_plan(visit, state)
            draw_again()


def _state(visit: Visit) -> dict[str, Any]:
    """The map as it was when this person began, which tells a colleague's change meanwhile from their own."""
    if _STATE not in st.session_state:
        with visit.read() as connection:
            base = billing.list_charge_map(connection)
        # A new key gives a new table: the old one would put its edits on other rows.
        rounds = st.session_state.get(_ROUNDS, 0) + 1
        st.session_state[_ROUNDS] = rounds
        st.session_state[_STATE] = {"base": base, "round": rounds, "account": None, "plan": None, "notice": None}
    state: dict[str, Any] = st.session_state[_STATE]
    return state


def _edit(state: dict[str, Any]) -> pd.DataFrame:
    base: Sequence[MapRow] = state["base"]
    frame = pd.DataFrame(
        [(row.charge_name or "", row.charge_number or "", label_of(row.kind)) for row in base],
        columns=_COLUMNS,
        dtype="string",
    )
    return edit_grid(
        frame,
        key=f"map_{state['round']}",
        columns={
            "Charge name": st.column_config.TextColumn(max_chars=NAME_LIMIT),
            "Charge number": st.column_config.TextColumn(max_chars=NUMBER_LIMIT),
            "Allowance": st.column_config.SelectboxColumn(options=list(LABELS.values()), required=True),
        },
    )


def _rows(frame: pd.DataFrame) -> list[MapRow]:
    """The rows as edited. A row in which nothing was typed is none."""
    kinds = {label: kind for kind, label in LABELS.items()}
    found = []
    for name, number, label in frame[_COLUMNS].itertuples(index=False):
        cells = ["" if pd.isna(cell) else str(cell) for cell in (name, number, label)]
        if any(cell.strip() for cell in cells):
            found.append(MapRow(cells[1] or None, cells[0] or None, kinds.get(cells[2], cells[2])))
    return found


def _sorted(rows: Sequence[MapRow]) -> list[MapRow]:
    return sorted(rows, key=lambda row: (row.charge_name or "", row.charge_number or "", row.kind))
