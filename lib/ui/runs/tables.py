"""Plans and runs as pandas frames."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pandas as pd

from lib.actions.engine.plan import Detail, Plan
from lib.actions.engine.progress import Progress
from lib.actions.engine.receipt import result_of
from lib.ui.widgets.tables import text_frame

STEP_COLORS = {"done": "green", "failed": "red", "running": "blue"}
"""State of a step -> its colour in Markdown; any other state is gray."""


def effects_frame(plan: Plan) -> pd.DataFrame:
    """What a plan would change: system, what, before, after."""
    rows = [(one.system, one.text, one.before or "", one.after or "") for one in plan.effects]
    return _without_empty(text_frame(rows, "System", "What changes", "Before", "After"), "Before", "After")


def steps_frame(progress: Progress, zone: str) -> pd.DataFrame:
    """Each step of a run: its result, what was done, before and after, and when it ended in this time zone."""
    rows = [
        (
            step.title,
            result_of(step),
            step.text,
            step.before or "",
            step.after or "",
            f"{step.ended_at.astimezone(ZoneInfo(zone)):%H:%M:%S}" if step.ended_at else "",
            ", ".join(step.request_ids),
        )
        for step in progress.steps
    ]
    frame = text_frame(rows, "Step", "Result", "What was done", "Before", "After", "Ended", "Request id")
    return _without_empty(frame, "Before", "After", "Request id")


def detail_frame(detail: Detail) -> pd.DataFrame:
    """A table of a plan, such as the numbers it would change."""
    return text_frame(detail.rows, *detail.columns)


def items_frame(items: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """What a step did to each of its items."""
    return text_frame(items, "Item", "What was done")


def _without_empty(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.drop(columns=[column for column in columns if not frame[column].str.len().any()])
