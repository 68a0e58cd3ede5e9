"""Runs for tests that do not start one."""

from datetime import UTC, datetime
from typing import Any

from lib.store.runs import Run


def make_run(run_id: str, kind: str, account: str, **more: Any) -> Run:
    """A run under way; its plan has no facts unless `plan` gives some."""
    given: dict[str, Any] = {
        "actor": "lead@example.com",
        "actor_name": "Lee Lead",
        "params": {},
        "plan": {"title": kind, "facts": {}},
        "steps": [],
        "reason": None,
        "note": None,
        "state": "running",
        "error": None,
        "created_at": datetime.now(UTC),
        "closed_at": None,
        "touched": 0.0,
    }
    return Run(id=run_id, kind=kind, account=account, **given | more)
