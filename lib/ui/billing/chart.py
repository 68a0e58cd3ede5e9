"""The chart of how much of each allowance is in use."""

from collections.abc import Sequence

import streamlit as st

from lib.domain.allowances import Line

_WITHIN, _OVER, _FULL = "#2a78d6", "#d03b3b", "#808080"
_FARTHEST = 150
"""Where a bar stops, in per cent. An allowance that is in use but not granted has no share to show."""


def show_chart(lines: Sequence[Line], *, key: str) -> None:
    """One bar for each allowance: how much of it is in use, in per cent. Above 100 % the bar is red."""
    counted = [line for line in lines if line.in_use is not None]
    if not counted:
        return
    # Imported here: it takes a second and several megabytes, and no other page needs it.
    import plotly.graph_objects as go

    labels = [line.label for line in counted]
    words = [f"{line.in_use:,} of {line.granted:,}" for line in counted]
    marks = [0, 50, 100, _FARTHEST]
    bars = {
        "type": "bar",
        "y": labels,
        "x": [_share(line) for line in counted],
        "customdata": words,
        "marker": {"color": [_OVER if line.over else _WITHIN for line in counted]},
        "hovertemplate": "%{y}: %{customdata} in use<extra></extra>",
        "orientation": "h",
    }
    # In a column at the right: at the end of its bar the text would cover the dashed line.
    text = {"x": 1, "xref": "paper", "xanchor": "left", "showarrow": False}
    full = {"type": "line", "x0": 100, "x1": 100, "y0": 0, "y1": 1, "yref": "paper"}
    ticks = {"tickvals": marks, "ticktext": [f"{mark} %" for mark in marks]}
    layout = {
        "height": 70 + 34 * len(counted),
        "margin": {"l": 0, "r": 90, "t": 10, "b": 0},
        "showlegend": False,
        "bargap": 0.4,
        "annotations": [{**text, "y": label, "text": one} for label, one in zip(labels, words, strict=True)],
        "shapes": [{**full, "line": {"color": _FULL, "dash": "dash"}}],
        "xaxis": {"range": [0, _FARTHEST], "fixedrange": True, **ticks},
        "yaxis": {"autorange": "reversed", "fixedrange": True},
    }
    # In one call: Plotly checks the whole figure again for each part that is added later.
    st.plotly_chart(go.Figure({"data": [bars], "layout": layout}), key=key, config={"displayModeBar": False})
    st.caption("Share of each allowance in use. Dashed line = full allowance.")


def _share(line: Line) -> float:
    if not line.granted:
        return float(_FARTHEST) if line.in_use else 0.0
    return min(float(_FARTHEST), 100 * (line.in_use or 0) / line.granted)
