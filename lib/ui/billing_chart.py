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

    bars = go.Bar(
        y=[line.label for line in counted],
        x=[_share(line) for line in counted],
        customdata=[_words(line) for line in counted],
        marker_color=[_OVER if line.over else _WITHIN for line in counted],
        hovertemplate="%{y}: %{customdata} in use<extra></extra>",
        orientation="h",
    )
    figure = go.Figure(bars)
    for line in counted:
        # In a column of its own: at the end of its bar it would stand on the dashed line.
        figure.add_annotation(y=line.label, x=1, xref="paper", xanchor="left", showarrow=False, text=_words(line))
    figure.add_vline(x=100, line_color=_FULL, line_dash="dash")
    figure.update_layout(
        height=70 + 34 * len(counted), margin={"l": 0, "r": 90, "t": 10, "b": 0}, showlegend=False, bargap=0.4
    )
    marks = [0, 50, 100, _FARTHEST]
    figure.update_xaxes(range=[0, _FARTHEST], tickvals=marks, ticktext=[f"{mark} %" for mark in marks], fixedrange=True)
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})
    st.caption("In use as a share of what is granted. The dashed line is all of it.")


def _words(line: Line) -> str:
    return f"{line.in_use:,} of {line.granted:,}"


def _share(line: Line) -> float:
    if not line.granted:
        return float(_FARTHEST) if line.in_use else 0.0
    return min(float(_FARTHEST), 100 * (line.in_use or 0) / line.granted)
