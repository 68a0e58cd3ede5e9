"""Plans and runs as pandas frames."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pandas as pd

from lib.actions.engine.plan import Detail, Plan
from lib.actions.engine.progress import Progress
from lib.actions.engine.receipt import result_of


def effects_frame(plan: Plan) -> pd.DataFrame:
    """What a plan would change: system, what, before, after."""
    frame = pd.DataFrame(
        [(one.system, one.text, one.before or "", one.after or "") for one in plan.effects],
        columns=["System", "What changes", "Before", "After"],
        dtype="string",
    )
    return _without_empty(frame, "Before", "After")


def steps_frame(progress: Progress, zone: str) -> pd.DataFrame:
    """How each step of a run stands: result, in its own words, before and after, and when it ended."""
    there = ZoneInfo(zone)
    frame = pd.DataFrame(
        [
            (
                step.title,
                result_of(step),
                step.text,
                step.before or "",
                step.after or "",
                step.ended_at.astimezone(there).strftime("%H:%M:%S") if step.ended_at else "",
                ", ".join(step.request_ids),
            )
            for step in progress.steps
        ],
        columns=["Step", "Result", "What was done", "Before", "After", "Ended", "Request id"],
        dtype="string",
    )
    return _without_empty(frame, "Before", "After", "Request id")


def detail_frame(detail: Detail) -> pd.DataFrame:
    """The table behind an effect of a plan."""
    return pd.DataFrame(list(detail.rows), columns=list(detail.columns), dtype="string")


def items_frame(items: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """What a step did to each of its items."""
    return pd.DataFrame(list(items), columns=["Item", "What was done"], dtype="string")


def _without_empty(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The frame without those of the columns in which nothing stands."""
    return frame.drop(columns=[column for column in columns if not frame[column].str.len().any()])
