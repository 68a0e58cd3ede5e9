"""A plan as a person reads it before the click."""

import streamlit as st

from lib.actions.action import Plan
from lib.frames import effects_frame
from lib.ui.text import plain


def show_plan(plan: Plan) -> None:
    """What changes, from what to what; what is worth knowing; what stays. Blockers replace all of it."""
    for blocker in plan.blockers:
        st.error(plain(blocker), icon=":material/block:")
    if plan.blockers:
        return
    st.dataframe(effects_frame(plan), hide_index=True, alt="What will change", key=f"effects_{plan.id}")
    for warning in plan.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    for untouched in plan.untouched:
        st.caption(f"Not touched: {plain(untouched)}")
