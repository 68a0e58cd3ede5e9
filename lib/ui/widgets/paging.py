"""Turning the pages of a long list, each read behind the last row of the page before it."""

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st


@dataclass(frozen=True)
class Place:
    """Where in a list a session stands: behind which rows, one a page that was turned."""

    key: str
    of: object
    """What the list is narrowed to."""
    trail: tuple[Any, ...] = ()

    @property
    def after(self) -> Any:
        """The row the page begins behind; None on the first page."""
        return self.trail[-1] if self.trail else None


def place_in(key: str, of: object) -> Place:
    """The place of this session in the list with this key. Another list (`of`) begins at its top."""
    place: Place | None = st.session_state.get(key)
    if place is None or place.of != of:
        place = st.session_state[key] = Place(key, of)
    return place


def offer_turns(place: Place, back: str, forth: str, *, last: Any) -> None:
    """The two buttons with these labels. `last` is the last row of this page, None where no other page follows."""
    if last is None and not place.trail:
        return
    with st.container(horizontal=True):
        for label, icon, trail, enabled in (
            (back, ":material/chevron_left:", place.trail[:-1], bool(place.trail)),
            (forth, ":material/chevron_right:", (*place.trail, last), last is not None),
        ):
            st.button(
                label,
                icon=icon,
                key=f"{place.key}_{label}",
                disabled=not enabled,
                on_click=_turn,
                args=(replace(place, trail=trail),),
            )


def _turn(place: Place) -> None:
    st.session_state[place.key] = place
