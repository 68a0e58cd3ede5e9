"""The chart of what is used of what is granted."""

from collections.abc import Sequence

import streamlit as st

from lib.domain.allowances import Line

_WITHIN, _OVER, _FULL = "#2a78d6", "#d03b3b", "#808080"
_FARTHEST = 150
"""Where a bar ends that has no end: in use, but nothing granted."""


def show_chart(lines: Sequence[Line], *, key: str) -> None:
    """One bar an allowance: its share of what is granted, which is the line at 100 %. Over it, the bar is red."""
    counted = [line for line in lines if line.in_use is not None]
    if not counted:
        return
    # A second and several megabytes that no other page needs.
    import plotly.graph_objects as go

    marks = [0, 50, 100, _FARTHEST]
    bars = {
        "type": "bar",
        "y": [line.label for line in counted],
        "x": [_share(line) for line in counted],
        "customdata": [_words(line) for line in counted],
        "marker": {"color": [_OVER if line.over else _WITHIN for line in counted]},
        "hovertemplate": "%{y}: %{customdata} in use<extra></extra>",
        "orientation": "h",
    }
    # In a column of its own: at the end of its bar it would stand on the dashed line.
    beside = {"x": 1, "xref": "paper", "xanchor": "left", "showarrow": False}
    full = {"type": "line", "x0": 100, "x1": 100, "y0": 0, "y1": 1, "yref": "paper"}
    layout = {
        "height": 70 + 34 * len(counted),
        "margin": {"l": 0, "r": 90, "t": 10, "b": 0},
        "showlegend": False,
        "bargap": 0.4,
        "annotations": [{**beside, "y": line.label, "text": _words(line)} for line in counted],
        "shapes": [{**full, "line": {"color": _FULL, "dash": "dash"}}],
        "xaxis": {
            "range": [0, _FARTHEST],
            "tickvals": marks,
            "ticktext": [f"{mark} %" for mark in marks],
            "fixedrange": True,
        },
        "yaxis": {"autorange": "reversed", "fixedrange": True},
    }
    # All of it at once: each part that is added to a figure has the whole of it checked again.
    figure = go.Figure({"data": [bars], "layout": layout})
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})
    st.caption("In use as a share of what is granted. The dashed line is all of it.")


def _words(line: Line) -> str:
    return f"{line.in_use:,} of {line.granted:,}"


def _share(line: Line) -> float:
    if not line.granted:
        return float(_FARTHEST) if line.in_use else 0.0
    return min(float(_FARTHEST), 100 * (line.in_use or 0) / line.granted)
