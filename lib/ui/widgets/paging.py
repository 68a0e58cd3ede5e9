"""The pages of a long list. Each is read from the database, starting after the last row of the page before it."""

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st


@dataclass(frozen=True)
class Place:
    """Which page of a list a session shows: one row in `trail` for each page that was turned."""

    key: str
    of: object
    """The filter of the list."""
    trail: tuple[Any, ...] = ()

    @property
    def after(self) -> Any:
        """The row that the page starts after; None on the first page."""
        return self.trail[-1] if self.trail else None

    def next(self, last: Any) -> "Place":
        """The page after this one, whose last row is `last`."""
        return replace(self, trail=(*self.trail, last))

    def first(self) -> "Place":
        """The first page."""
        return replace(self, trail=())


def place_in(key: str, of: object) -> Place:
    """Which page this session shows of the list with this key; the first one if the filter `of` has changed."""
    place: Place | None = st.session_state.get(key)
    if place is None or place.of != of:
        place = st.session_state[key] = Place(key, of)
    return place


def offer_turns(place: Place, back: str, forth: str, *, last: Any) -> None:
    """The two buttons with these labels. `last` is the last row of this page, or None if it is the last page."""
    if last is None and not place.trail:
        return
    previous = replace(place, trail=place.trail[:-1])
    with st.container(horizontal=True):
        offer_turn(previous, back, ":material/chevron_left:", key=f"{place.key}_{back}", enabled=bool(place.trail))
        offer_turn(
            place.next(last), forth, ":material/chevron_right:", key=f"{place.key}_{forth}", enabled=last is not None
        )


def offer_turn(to: Place, label: str, icon: str, *, key: str, enabled: bool = True, **how: Any) -> None:
    """A button that turns to this page. `how` goes to `st.button`."""
    st.button(label, icon=icon, key=key, disabled=not enabled, on_click=_turn, args=(to,), **how)


def _turn(to: Place) -> None:
    st.session_state[to.key] = to
