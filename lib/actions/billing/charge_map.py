"""Edit the charge map: which Zuora charge grants which allowance. It belongs to the company, not to an account."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.domain.allowances import InvalidMap, MapRow, check_map, label_of
from lib.domain.permissions import Permission
from lib.services import Services
from lib.store import billing
from lib.store.engine import writing

HOUSE = "house"
"""Used instead of an account number, so that there is one edit of the map at a time."""


def to_params(rows: Sequence[MapRow]) -> list[dict[str, str | None]]:
    """Rows as they are kept with a run."""
    return [asdict(row) for row in rows]


def _save(job: Job) -> StepReport:
    wanted, base = _rows(job.params["rows"]), _rows(job.params["base"])
    engine = job.services.engine
    with writing(engine) as connection:
        current = billing.list_charge_map(connection)
        changed = current != wanted
        if changed and current != base:
            raise StepFailed(
                "Somebody else has changed the charge map. Nothing was overwritten. Abandon this and start again."
            )
        if changed:
            billing.save_charge_map(connection, wanted, by=job.actor)
    with engine.connect() as connection:
        if billing.list_charge_map(connection) != wanted:
            raise StepFailed("The Hub does not show the charge map that was saved. Resume to try again.")
    job.journal.itemise((effect.text, f"{effect.before} -> {effect.after}") for effect in _effects(base, wanted))
    return job.done(
        f"The charge map has {len(wanted):,} rows, read back.",
        changed=changed,
        before=f"{len(base):,} rows",
        after=f"{len(wanted):,} rows",
    )


class EditChargeMap(Action[list[MapRow]]):
    """`params`: `rows` as edited, and `base`, the rows the person saw when they began. The account is `HOUSE`."""

    kind = "charge_map"
    verb = "Save the charge map"
    permission = Permission.CHARGE_MAP_EDIT
    steps = (Step("hub", "Save in the Hub", _save),)

    def look(self, services: Services, wish: Wish) -> list[MapRow]:
        """The rows as the Hub has them."""
        with services.engine.connect() as connection:
            return billing.list_charge_map(connection)

    def decide(self, found: list[MapRow], wish: Wish) -> Draft:
        """Blocks on a map that is not valid, and on one that somebody else has changed."""
        title = "Change the charge map"
        try:
            wanted, base = (check_map(_rows(wish.params[name])) for name in ("rows", "base"))
        except InvalidMap as invalid:
            return Draft(title=title, blockers=(str(invalid),))
        if found != base:
            changed = "Somebody else changed the charge map while you were editing it. Nothing was saved. Start again."
            return Draft(title=title, blockers=(changed,))
        effects = _effects(base, wanted)
        return Draft(
            title=title,
            effects=tuple(effects),
            verdict=None if effects else "There is nothing to save: the charge map is already like this.",
            untouched=("Saved allowances, until their subscription is refreshed.",),
            steps=("hub",) if effects else (),
        )

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The rows as they will be stored."""
        try:
            return {name: to_params(check_map(_rows(params[name]))) for name in ("rows", "base")}
        except InvalidMap:
            return dict(params)


def _rows(stored: Sequence[Mapping[str, Any]]) -> list[MapRow]:
    return [MapRow(one["charge_number"], one["charge_name"], one["kind"]) for one in stored]


def _effects(before: Sequence[MapRow], after: Sequence[MapRow]) -> list[Effect]:
    """For each charge: what it granted and what it will grant."""
    old, new = ({(row.charge_number, row.charge_name): row.kind for row in rows} for rows in (before, after))
    return [
        Effect(system="Hub", text=_charge(*key), before=_granted(old.get(key)), after=_granted(new.get(key)))
        for key in sorted({*old, *new}, key=lambda key: (key[1] or "", key[0] or ""))
        if old.get(key) != new.get(key)
    ]


def _charge(number: str | None, name: str | None) -> str:
    return f"{name} ({number})" if number and name else name or number or ""


def _granted(kind: str | None) -> str:
    return "not in the map" if kind is None else label_of(kind)
