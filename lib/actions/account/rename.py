"""Rename an account in the Hub and in Zuora.

Zuora goes first, because it can refuse. The Hub follows in one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.actions.not_overwritten import changing_hub
from lib.actions.read_back import write_and_read_back
from lib.actions.refused_by_zuora import refused_by_zuora
from lib.clients.errors import RemoteError
from lib.clients.together import outcome
from lib.clients.zuora import ZuoraAccount
from lib.domain.accounts import Account
from lib.domain.names import InvalidName, check_name
from lib.domain.permissions import Permission
from lib.services import Services
from lib.store import accounts
from lib.store.runs import Run, recent_runs


def _rename_in_zuora(job: Job) -> StepReport:
    zuora, key = job.services.zuora, job.facts["zuora_id"]
    before, after = job.facts["zuora_name"], job.params["name"]
    current = zuora.account(key).name
    if current == after:
        return job.done(f"Zuora has the name “{after}”.", changed=False, before=before, after=after)
    if current != before:
        raise StepFailed(
            f"Somebody else has renamed the account in Zuora to “{current}”. Nothing was overwritten. "
            "Abandon this and start again."
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
    with changing_hub(job, lambda now: f"The account is called “{now}” in the Hub now.") as connection:
        changed = accounts.rename_account(connection, job.account, before=before, after=after)
    return job.done(f"The Hub has the name “{after}”.", changed=changed, before=before, after=after)


@dataclass(frozen=True)
class Found:
    """The account in the Hub and in Zuora."""

    account: Account
    zuora: ZuoraAccount | RemoteError | None
    """None when the account is not linked to Zuora, or the name cannot be used."""
    renamed_by: str | None
    """Who renamed it last, if one of its latest runs did."""


class Rename(Action[Found]):
    """`params`: `name` as typed, and `base`, the name the person saw when they began to type."""

    kind = "rename"
    verb = "Rename account"
    permission = Permission.ACCOUNT_RENAME
    steps = (
        Step("zuora", "Rename in Zuora", _rename_in_zuora),
        Step("hub", "Rename in the Hub", _rename_in_hub),
    )

    def look(self, services: Services, wish: Wish) -> Found:
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
            latest = recent_runs(connection, wish.account, limit=5)
        renamed_by = next((run.actor_name for run in latest if run.kind == self.kind and run.state == "done"), None)
        # Nobody should wait for Zuora to learn that a name cannot be used.
        key = account.zuora_id if isinstance(_name(wish.params), str) else None
        return Found(account, None if key is None else outcome(lambda: services.read_zuora(key)), renamed_by)

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on a bad name, a changed base, an ending account and a Zuora that refuses."""
        account, zuora = found.account, found.zuora
        title = f"Rename {account.title}"
        name = _name(wish.params)
        if isinstance(name, InvalidName):
            return Draft(title=title, blockers=(str(name),))
        effects, warnings = [], []
        blockers = _blockers(found, name, wish.params.get("base"))
        zuora_name = zuora.name if isinstance(zuora, ZuoraAccount) else None
        if zuora is None:
            warnings.append("This account has no Zuora account, so only the Hub is changed.")
        elif zuora_name not in (None, account.name):
            warnings.append(f"In Zuora the account is called “{zuora_name}”. The new name replaces both.")
        if zuora_name not in (None, name):
            effects.append(Effect(system="Zuora", text="New name on invoices", before=zuora_name, after=name))
        if account.name != name:
            effects.append(Effect(system="Hub", text="New name", before=account.name, after=name))
        if not effects and not blockers:
            blockers.append(f"The account is already called “{name}”, in the Hub and in Zuora.")
        return Draft(
            title=title,
            effects=tuple(effects),
            warnings=tuple(warnings),
            blockers=tuple(blockers),
            untouched=("Contacts, subscriptions, numbers and auth rules.",),
            steps=tuple(effect.system.lower() for effect in effects),
            facts={"hub_name": account.name, "zuora_id": account.zuora_id, "zuora_name": zuora_name},
        )

    def undo(self, services: Services, run: Run) -> dict[str, Any] | None:
        """Back to the name the Hub had."""
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, run.account)
        before = run.plan["facts"]["hub_name"]
        if current.name != run.params["name"] or before == current.name:
            return None
        return {"name": before, "base": current.name}

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The name with its spaces and combining characters as they will be stored."""
        name = _name(params)
        return {**params, "name": name} if isinstance(name, str) else dict(params)


def _name(params: Mapping[str, Any]) -> str | InvalidName:
    """The name as it will be stored, or why it cannot be used."""
    try:
        return check_name(str(params["name"]))
    except InvalidName as invalid:
        return invalid


def _blockers(found: Found, name: str, base: str | None) -> list[str]:
    account, blockers = found.account, []
    if account.is_ending:
        blockers.append(f"The account is {account.status_words}, so it cannot be renamed.")
    if base not in (None, account.name):
        blockers.append(
            f"{found.renamed_by or 'Somebody'} renamed the account from “{base}” to “{account.name}” while you were "
            f"typing “{name}”. Check the new name, and start again if you still want to change it."
        )
    if found.zuora is not None:
        blockers += refused_by_zuora(found.zuora, account.zuora_number)
    return blockers
