"""Save the emergency details of an account as a new version, with who and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.domain.accounts import Account, AccountStatus
from lib.domain.emergency import LABELS, EmergencyRecord, differing, shown
from lib.domain.emergency_check import check
from lib.domain.permissions import Permission
from lib.services import Services
from lib.store import accounts, emergency, numbers
from lib.store.emergency import SavedMeanwhile, Version
from lib.store.engine import writing
from lib.store.runs import Run


@dataclass(frozen=True)
class Found:
    """`own` are the numbers of the account, in E.164."""

    account: Account
    latest: Version | None
    own: frozenset[str]


def _save(job: Job) -> StepReport:
    record, after = EmergencyRecord.model_validate(job.params["details"]), int(job.params["after"])
    try:
        with writing(job.services.engine) as connection:
            emergency.save_version(connection, job.account, record, after=after, saved_by=job.actor)
    except SavedMeanwhile as meanwhile:
        if not _is_ours(meanwhile.latest, record, after, job.actor):
            raise StepFailed(
                f"{_who(meanwhile.latest)} Nothing was overwritten. Abandon this and start again."
            ) from meanwhile
        changed = False
    else:
        changed = True
    with job.services.engine.connect() as connection:
        latest = emergency.latest_version(connection, job.account)
    if not _is_ours(latest, record, after, job.actor):
        raise StepFailed(f"{_who(latest)} Check it before you save again.")
    before = f"version {after}" if after else "nothing saved"
    return job.done("Saved and read back.", changed=changed, before=before, after=f"version {after + 1}")


class SaveEmergency(Action[Found]):
    """`params`: `details` (the record) and `after`, the version the person started from (0 for none).

    `accepted` may have sentences about what a pull could not place or had to guess. The person who saves has checked
    these, and the plan and its receipt say so.
    """

    kind = "save_emergency"
    verb = "Save"
    permission = Permission.EMERGENCY_EDIT
    steps = (Step("hub", "Save in the Hub", _save),)

    def look(self, services: Services, wish: Wish) -> Found:
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
            own = frozenset(one.number for one in numbers.truths_of_account(connection, wish.account))
            return Found(account, emergency.latest_version(connection, wish.account), own)

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on errors in the record and on a version that somebody else has saved."""
        record, after = EmergencyRecord.model_validate(wish.params["details"]), int(wish.params["after"])
        title = f"Save the emergency details of {found.account.title}"
        findings = check(record, own_numbers=found.own)
        blockers = [f"{LABELS[one.field]}: {one.text}" for one in findings if one.severity == "error"]
        # While it is deactivating its phones may still work, and a wrong address misleads an ambulance.
        if found.account.status is AccountStatus.DEACTIVATED:
            blockers.append("The account is deactivated, so its emergency details cannot be changed.")
        if (found.latest.version if found.latest else 0) != after:
            blockers.append(f"{_who(found.latest)} Start again.")
        if blockers:
            return Draft(title=title, blockers=tuple(blockers))
        before = found.latest.record if found.latest else None
        effects = [
            Effect(system="Hub", text=LABELS[field], before=shown(before, field) or "empty", after=shown(record, field))
            for field in differing(before, record)
            if shown(before, field) or shown(record, field)
        ]
        if not effects:
            effects = [Effect(system="Hub", text="Confirmed as of today, no field changes")]
        return Draft(
            title=title,
            effects=tuple(effects),
            warnings=(
                *(f"{LABELS[one.field]}: {one.text}" for one in findings if one.severity == "warning"),
                *(f"Checked before saving: {text}" for text in wish.params.get("accepted", ())),
            ),
            untouched=("The contacts in Zuora, and the register: nothing is sent to it.",),
            steps=("hub",),
            facts={"before": before.model_dump() if before else None, "after": after},
        )

    def undo(self, services: Services, run: Run) -> dict[str, Any] | None:
        """The earlier details as one more version, while ours is the latest."""
        before, after = run.plan["facts"]["before"], int(run.params["after"]) + 1
        with services.engine.connect() as connection:
            latest = emergency.latest_version(connection, run.account)
        ours = latest is not None and latest.version == after
        return {"details": before, "after": after} if ours and before not in (None, run.params["details"]) else None

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Every field, without stray spaces."""
        return {
            "details": EmergencyRecord.model_validate(params["details"]).model_dump(),
            "after": int(params["after"]),
            "accepted": [str(text) for text in params.get("accepted", ())],
        }


def _is_ours(latest: Version | None, record: EmergencyRecord, after: int, actor: str) -> bool:
    """True when this run saved the latest version, perhaps in an attempt whose end was not recorded."""
    return latest is not None and (latest.version, latest.record, latest.saved_by) == (after + 1, record, actor)


def _who(latest: Version | None) -> str:
    if latest is None:
        return "The saved details are gone."
    return f"{latest.saved_by} has saved version {latest.version} of the emergency details since."
