"""Rename an account in the Hub and in Zuora.

Zuora goes first: it is the one that can refuse. The Hub follows in one local transaction.
"""

from collections.abc import Mapping
from typing import Any

from lib.actions.engine.action import Action, Job, Step, StepReport
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.actions.read_back import write_and_read_back
from lib.clients.errors import NotFound, RemoteError
from lib.clients.zuora import ZuoraAccount, ZuoraStatus
from lib.domain.accounts import AccountStatus
from lib.domain.names import InvalidName, check_name
from lib.domain.permissions import Identity, Permission
from lib.services import Services
from lib.store import accounts
from lib.store.engine import writing
from lib.store.runs import Run, recent_runs


def _rename_in_zuora(job: Job) -> StepReport:
    zuora, key = job.services.zuora, job.facts["zuora_id"]
    before, after = job.facts["zuora_name"], job.params["name"]
    current = zuora.account(key).name
    if current == after:
        return job.done(f"Zuora has the name “{after}”.", changed=False, before=before, after=after)
    if current != before:
        raise StepFailed(
            f"Somebody renamed the account in Zuora to “{current}” meanwhile. It was not overwritten. "
            "Abandon this rename and start a new one from the current name."
        )
    ids = write_and_read_back(
        job,
        lambda: zuora.rename_account(key, after, track=job.key),
        lambda: zuora.account(key),
        lambda account: account.name == after,
        what="the new name",
        elsewhere="The Hub was not changed.",
    )
    return job.done(
        f"Zuora has the name “{after}”, read back.", changed=True, before=before, after=after, request_ids=ids
    )


def _rename_in_hub(job: Job) -> StepReport:
    before, after = job.facts["hub_name"], job.params["name"]
    try:
        with writing(job.services.engine) as connection:
            changed = accounts.rename_account(connection, job.account, before=before, after=after)
    except accounts.Conflict as conflict:
        raise StepFailed(
            f"The account is called “{conflict.current}” in the Hub by now. It was not overwritten. "
            "Abandon this rename and start a new one from the current name."
        ) from conflict
    return job.done(f"The Hub has the name “{after}”.", changed=changed, before=before, after=after)


class Rename(Action[Any]):
    """`params`: `name` as typed, and `base`, the name the person saw when they began to type."""

    kind = "rename"
    verb = "Rename account"
    permission = Permission.ACCOUNT_RENAME
    steps = (
        Step("zuora", "Rename in Zuora", _rename_in_zuora),
        Step("hub", "Rename in the Hub", _rename_in_hub),
    )

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """See `Action.draft`. Normalises `name`; blocks on a bad name, a changed base or an unreadable Zuora."""
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, account)
            earlier = recent_runs(connection, account, limit=5)
        title = f"Rename {current.title}"
        try:
            name = check_name(str(params["name"]))
        except InvalidName as invalid:
            return Draft(title=title, blockers=(str(invalid),))

        blockers: list[str] = []
        if current.status is AccountStatus.DEACTIVATED:
            blockers.append("The account is deactivated; its name stays as it was.")
        if params.get("base") not in (None, current.name):
            who = next((run for run in earlier if run.kind == self.kind and run.state == "done"), None)
            by = f"{who.actor_name} renamed" if who else "Somebody renamed"
            blockers.append(
                f"{by} the account from “{params['base']}” to “{current.name}” while you were typing “{name}”. "
                "Look at the new name and start again if yours is still right."
            )
        effects: list[Effect] = []
        steps: list[str] = []
        warnings: list[str] = []
        facts: dict[str, Any] = {"hub_name": current.name, "zuora_id": current.zuora_id, "zuora_name": None}
        if current.zuora_id is None:
            warnings.append("This account has no Zuora account, so only the Hub is renamed.")
        else:
            try:
                billing = services.read_zuora(current.zuora_id)
            except NotFound:
                blockers.append(f"Zuora has no account {current.zuora_number}. Correct the link to Zuora first.")
            except RemoteError as error:
                blockers.append(f"Zuora could not be read, so nothing was renamed. {error}")
            else:
                facts["zuora_name"] = billing.name
                blockers += _refused_by_zuora(billing)
                if billing.name != current.name:
                    warnings.append(f"Zuora now calls this account “{billing.name}”; the new name replaces both.")
                if billing.name != name:
                    steps.append("zuora")
                    effects.append(Effect(system="Zuora", text="New name on invoices", before=billing.name, after=name))
        if current.name != name:
            steps.append("hub")
            effects.append(Effect(system="Hub", text="New name", before=current.name, after=name))
        if not effects and not blockers:
            blockers.append(f"The account is already called “{name}”, here and in Zuora.")
        return Draft(
            title=title,
            effects=tuple(effects),
            warnings=tuple(warnings),
            blockers=tuple(blockers),
            untouched=("Contacts, subscriptions, numbers and auth rules stay as they are.",),
            steps=tuple(steps),
            facts=facts,
        )

    def undo(self, services: Services, run: Run) -> dict[str, Any] | None:
        """See `Action.undo`: back to the name the Hub had."""
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, run.account)
        before = run.plan["facts"]["hub_name"]
        if current.name != run.params["name"] or before == current.name:
            return None
        return {"name": before, "base": current.name}

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """See `Action.normalise`: blanks and combining characters of the name as they will be stored."""
        try:
            return {**params, "name": check_name(str(params["name"]))}
        except InvalidName:
            return dict(params)


def _refused_by_zuora(billing: ZuoraAccount) -> list[str]:
    if billing.status is ZuoraStatus.CANCELED:
        return ["The account is cancelled in Zuora, which refuses any change to it."]
    return []
