"""Add, change or remove the parent of an account, in Zuora and in the Hub.

The run belongs to the child. It also claims the parent and the roots of both families, so that two runs at
once can never build a loop between them.
"""

from collections.abc import Mapping
from typing import Any

from lib.actions.engine.action import Action, Job, Step, StepReport
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.actions.read_back import write_and_read_back
from lib.clients.errors import NotFound, RemoteError
from lib.clients.zuora import ZuoraStatus
from lib.domain.accounts import Account, AccountStatus
from lib.domain.hierarchy import InvalidParent, ancestors, check_parent
from lib.domain.permissions import Identity, Permission
from lib.services import Services
from lib.store import accounts
from lib.store.engine import writing
from lib.store.runs import Run


def _move_in_zuora(job: Job) -> StepReport:
    zuora, key = job.services.zuora, job.facts["zuora_id"]
    before, after = job.facts["zuora_parent_id"], job.facts["new_parent_id"]
    shown_before, shown_after = job.facts["zuora_parent"], job.params["parent"]
    current = zuora.account(key).parent_id
    if current == after:
        return job.done(
            _says("Zuora", shown_after),
            changed=False,
            before=shown_before or "none",
            after=shown_after or "none",
        )
    if current != before:
        raise StepFailed(
            "Somebody gave the account another parent in Zuora meanwhile. It was not overwritten. "
            "Abandon this change and start a new one."
        )
    _check_links(job)
    ids = write_and_read_back(
        job,
        lambda: zuora.set_parent(key, after, track=job.key),
        lambda: zuora.account(key),
        lambda account: account.parent_id == after,
        what="the parent" if after else "the removal of the parent",
        elsewhere="The Hub was not changed.",
    )
    return job.done(
        _says("Zuora", shown_after) + " Read back.",
        changed=True,
        before=shown_before or "none",
        after=shown_after or "none",
        request_ids=ids,
    )


def _move_in_hub(job: Job) -> StepReport:
    before, after = job.facts["hub_parent"], job.params["parent"]
    _check_links(job)
    try:
        with writing(job.services.engine) as connection:
            changed = accounts.move_account(connection, job.account, before=before, after=after)
    except accounts.Conflict as conflict:
        raise StepFailed(
            f"The account has the parent {conflict.current or 'none'} in the Hub by now. It was not overwritten. "
            "Abandon this change and start a new one."
        ) from conflict
    return job.done(_says("The Hub", after), changed=changed, before=before or "none", after=after or "none")


def _check_links(job: Job) -> None:
    """The rules once more, on the families as they are now."""
    parent = job.params["parent"]
    if parent is None:
        return
    with job.services.engine.connect() as connection:
        links = accounts.family_links(connection, [job.account, parent])
    if links.get(job.account) == parent:
        return
    try:
        check_parent(job.account, parent, links)
    except InvalidParent as invalid:
        raise StepFailed(f"{invalid} Nothing more was changed.") from invalid


def _says(system: str, parent: str | None) -> str:
    return f"{system} has the parent {parent}." if parent else f"{system} has no parent for this account."


class ChangeParent(Action[Any]):
    """`params`: `parent`, an account number or None to remove it, and `base`, the parent the person saw."""

    kind = "parent"
    verb = "Change parent"
    permission = Permission.ACCOUNT_MOVE
    steps = (
        Step("zuora", "Change the parent in Zuora", _move_in_zuora),
        Step("hub", "Change the parent in the Hub", _move_in_hub),
    )

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """See `Action.draft`. Blocks on a loop, a sixth level, a parent unknown to Zuora, or a changed base."""
        wanted = params["parent"]
        with services.engine.connect() as connection:
            child = accounts.get_account(connection, account)
            parent = accounts.find_account(connection, wanted) if wanted else None
            links = accounts.family_links(connection, [account, wanted] if wanted else [account])
        verb = "Remove" if not wanted else "Replace" if child.parent_number else "Add"
        title = f"{verb} the parent of {child.title}"
        if wanted and parent is None:
            return Draft(title=title, blockers=(f"There is no account {wanted} in the Hub.",))

        blockers = _hub_blockers(child, parent, links)
        if "base" in params and params["base"] != child.parent_number:
            blockers.append(
                f"The parent was changed meanwhile: it is {child.parent_number or 'none'} now, "
                f"and was {params['base'] or 'none'} when you began. Look again before you change it."
            )
        facts: dict[str, Any] = {
            "hub_parent": child.parent_number,
            "zuora_id": child.zuora_id,
            "new_parent_id": parent.zuora_id if parent else None,
            "zuora_parent_id": None,
            "zuora_parent": None,
        }
        effects: list[Effect] = []
        steps: list[str] = []
        warnings: list[str] = []
        shown = parent.title if parent else "none"
        if child.zuora_id is None:
            warnings.append("This account has no Zuora account, so only the Hub is changed.")
        else:
            blockers += self._read_zuora(services, child, parent, facts)
            if facts["zuora_parent_id"] != facts["new_parent_id"]:
                steps.append("zuora")
                effects.append(
                    Effect(
                        system="Zuora",
                        text="Parent account",
                        before=facts["zuora_parent"] or "none",
                        after=shown,
                    )
                )
        if child.parent_number != (parent.number if parent else None):
            steps.append("hub")
            before = f"{child.parent_number} - {child.parent_name}" if child.parent_number else "none"
            effects.append(Effect(system="Hub", text="Parent account", before=before, after=shown))
        if not effects and not blockers:
            blockers.append(f"The parent already is {shown}, here and in Zuora.")
        return Draft(
            title=title,
            effects=tuple(effects),
            warnings=tuple(warnings),
            blockers=tuple(blockers),
            untouched=("Invoices, subscriptions, numbers and auth rules of both accounts stay as they are.",),
            steps=tuple(steps),
            claims=_claims(account, wanted, links),
            facts=facts,
        )

    def undo(self, services: Services, run: Run) -> dict[str, Any] | None:
        """See `Action.undo`: back to the parent the Hub had."""
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, run.account)
        before = run.plan["facts"]["hub_parent"]
        if current.parent_number != run.params["parent"] or before == current.parent_number:
            return None
        return {"parent": before, "base": current.parent_number}

    def _read_zuora(
        self, services: Services, child: Account, parent: Account | None, facts: dict[str, Any]
    ) -> list[str]:
        """Fill in what Zuora says, and return what speaks against the change."""
        blockers: list[str] = []
        try:
            billing = services.read_zuora(child.zuora_id or "")
            facts["zuora_parent_id"] = billing.parent_id
            if billing.parent_id:
                facts["zuora_parent"] = self._name_of(services, billing.parent_id)
            if billing.status is ZuoraStatus.CANCELED:
                blockers.append("The account is cancelled in Zuora, which refuses any change to it.")
        except NotFound:
            return [f"Zuora has no account {child.zuora_number}. Correct the link to Zuora first."]
        except RemoteError as error:
            return [f"Zuora could not be read, so nothing was changed. {error}"]
        if parent is None:
            return blockers
        if parent.zuora_id is None:
            return [*blockers, f"{parent.number} has no Zuora account, so it cannot be a parent there."]
        try:
            if services.read_zuora(parent.zuora_id).status is ZuoraStatus.CANCELED:
                blockers.append(f"{parent.number} is cancelled in Zuora and cannot become a parent.")
        except NotFound:
            blockers.append(f"Zuora has no account {parent.zuora_number}, so {parent.number} cannot be a parent there.")
        except RemoteError as error:
            blockers.append(f"Zuora could not be asked about {parent.number}, so nothing was changed. {error}")
        return blockers

    def _name_of(self, services: Services, zuora_id: str) -> str:
        with services.engine.connect() as connection:
            known = accounts.numbers_by_zuora_id(connection, [zuora_id])
        return known.get(zuora_id) or f"Zuora account {services.read_zuora(zuora_id).number}"


def _hub_blockers(child: Account, parent: Account | None, links: Mapping[str, str | None]) -> list[str]:
    blockers = [
        f"{one.number} is deactivated and cannot be part of a family."
        for one in (child, parent)
        if one is not None and one.status is AccountStatus.DEACTIVATED
    ]
    if parent is not None and links.get(child.number) != parent.number:
        try:
            check_parent(child.number, parent.number, links)
        except InvalidParent as invalid:
            blockers.append(str(invalid))
    return blockers


def _claims(child: str, parent: str | None, links: Mapping[str, str | None]) -> tuple[str, ...]:
    """The other accounts this run must have to itself: the parent and both roots."""
    involved = [child] if parent is None else [child, parent]
    roots = {([*ancestors(number, links)] or [number])[-1] for number in involved}
    return tuple(sorted((roots | set(involved)) - {child}))
