"""The charge map: an editable table of the allowance that each charge in Zuora grants."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from lib.actions.billing.charge_map import HOUSE, to_params
from lib.domain.allowances import LABELS, NAME_LIMIT, NUMBER_LIMIT, MapRow, in_map_order, label_of
from lib.store import billing
from lib.ui.dialogs import Dialog, close_dialog, keep
from lib.ui.runs.confirm import show_confirmation
from lib.ui.runs.panel import show_runs
from lib.ui.runs.start import ask_plan, make_plan
from lib.ui.visit import Visit
from lib.ui.widgets.draw_again import draw_again
from lib.ui.widgets.tables import edit_grid

_PLACE = "charge_map"
_ROUNDS = "charge_map_rounds"
_COLUMNS = ["Charge name", "Charge number", "Allowance"]


@dataclass(frozen=True, kw_only=True)
class MapForm(Dialog):
    """The form on the map; `base` is the map as it was when the person began, to notice a colleague's change."""

    base: Sequence[MapRow]


def show_charge_map(visit: Visit) -> None:
    """The page: the map to edit, the preview of the changes, and the run that saves them."""
    st.subheader("Charge map", anchor=False)
    show_runs(visit)
    if visit.app.runner.open_run(HOUSE, visit.identity) is not None:
        # The next edit has to begin with what that run stores.
        close_dialog(_PLACE)
        return
    form = _form(visit)
    st.caption(
        "Each row names a charge in Zuora, by its number (PRPC-…) or by its name, and the allowance it grants. "
        "A number counts before a name. Allowances change when their subscription is refreshed."
    )
    edited = _edit(form)
    with st.container(horizontal=True):
        if ask_plan():
            params = {"rows": to_params(_rows(edited)), "base": to_params(form.base)}
            form = make_plan(visit, form, "charge_map", params, HOUSE)
        if st.button("Start again", icon=":material/restart_alt:", help="Reads the map again and drops your changes."):
            close_dialog(_PLACE)
            draw_again()
    if form.plan is not None and form.plan.steps and form.plan.params["rows"] != to_params(in_map_order(_rows(edited))):
        st.caption("You have edited the table since. Press Preview again to include your edits.")
    show_confirmation(visit, form)


def _form(visit: Visit) -> MapForm:
    form: MapForm | None = st.session_state.get(_PLACE)
    if form is not None:
        return form
    with visit.read() as connection:
        base = billing.list_charge_map(connection)
    # A new key gives a new table. Streamlit keeps edits by position: the old table would put them on other rows.
    rounds = st.session_state.get(_ROUNDS, 0) + 1
    st.session_state[_ROUNDS] = rounds
    return keep(MapForm(name=_PLACE, account=None, place=_PLACE, base=base, round=rounds))


def _edit(form: MapForm) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(row.charge_name or "", row.charge_number or "", label_of(row.kind)) for row in form.base],
        columns=_COLUMNS,
        dtype="string",
    )
    return edit_grid(
        frame,
        key=f"map_{form.round}",
        columns={
            "Charge name": st.column_config.TextColumn(max_chars=NAME_LIMIT),
            "Charge number": st.column_config.TextColumn(max_chars=NUMBER_LIMIT),
            "Allowance": st.column_config.SelectboxColumn(options=list(LABELS.values()), required=True),
        },
    )


def _rows(frame: pd.DataFrame) -> list[MapRow]:
    """The rows as edited, without the empty ones."""
    kinds = {label: kind for kind, label in LABELS.items()}
    found = []
    for name, number, label in frame[_COLUMNS].itertuples(index=False):
        cells = ["" if pd.isna(cell) else str(cell) for cell in (name, number, label)]
        if any(cell.strip() for cell in cells):
            found.append(MapRow(cells[1] or None, cells[0] or None, kinds.get(cells[2], cells[2])))
    return found
