"""The plan a person reads before they confirm: what will change, what stops it, and what they gave to confirm it."""

import hashlib
import json
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Effect(BaseModel):
    """One thing that will change, in words, with `before` and `after` where there is a value to show."""

    model_config = ConfigDict(frozen=True)

    system: Literal["Hub", "Zuora", "SBC", "E-mail"]
    text: str
    before: str | None = None
    after: str | None = None


class Detail(BaseModel):
    """A table behind an effect: which numbers, which names. Shown with the plan, not stored with the run."""

    model_config = ConfigDict(frozen=True)

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Draft(BaseModel):
    """What an action finds when it looks: the parts of a plan that are its own."""

    model_config = ConfigDict(frozen=True)

    title: str
    effects: tuple[Effect, ...] = ()
    dangers: tuple[str, ...] = ()
    """Shown first and in red: lost money, and what cannot be undone."""
    warnings: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    verdict: str | None = None
    """Shown instead of a button when there is nothing to do."""
    details: tuple[Detail, ...] = ()
    steps: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    facts: dict[str, Any] = {}


class Plan(Draft):
    """A draft with an identity and a short life. Its id becomes the id of the run it starts."""

    id: str
    kind: str
    account: str
    params: dict[str, Any]
    made_by: str
    made_at: datetime
    expires_at: datetime
    opened: str | None = None
    """The account whose page it was made on: the parent's, when a child is added there."""

    @property
    def fingerprint(self) -> str:
        """Hash of the facts the plan was made from, its effects and dangers: equal when nothing has changed since."""
        content = {
            "kind": self.kind,
            "account": self.account,
            "params": self.params,
            "facts": self.facts,
            "effects": [effect.model_dump() for effect in self.effects],
            "dangers": self.dangers,
            "steps": self.steps,
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()


class Confirmation(BaseModel):
    """What the person gave to confirm a plan."""

    model_config = ConfigDict(frozen=True)

    typed: str | None = None
    reason: str | None = None
    note: str | None = None
    override: str | None = None
    """Why the person overrides the pinned note of the account."""


def changes_between(old: Plan, new: Plan) -> tuple[str, ...]:
    """What is different between two plans, in sentences."""
    found = [
        f"{effect.system}: {effect.text} is now “{effect.before}”, not “{was.before}”."
        for effect in new.effects
        for was in old.effects
        if (effect.system, effect.text) == (was.system, was.text) and effect.before != was.before
    ]
    before, after = ({(one.system, one.text) for one in plan.effects} for plan in (old, new))
    found += [f"New: {system}: {text}." for system, text in sorted(after - before)]
    found += [f"No longer: {system}: {text}." for system, text in sorted(before - after)]
    found += [f"New: {danger}" for danger in new.dangers if danger not in old.dangers]
    return tuple(found) or ("What the plan was made from is no longer the same.",)
