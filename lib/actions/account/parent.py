"""Add, change or remove the parent of an account, in Zuora and in the Hub.

The run belongs to the child. It also claims the parent and the roots of both families, so that two runs at the same
time can never create a loop.
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
from lib.domain.hierarchy import InvalidParent, ancestors, check_parent
from lib.domain.permissions import Permission
from lib.services import Services
from lib.store import accounts
from lib.store.runs import Run


def _move_in_zuora(job: Job) -> StepReport:
    zuora, key = job.services.zuora, job.facts["zuora_id"]
    before, after = job.facts["zuora_parent_id"], job.facts["new_parent_id"]
    was, becomes = job.facts["zuora_parent"] or "none", job.params["parent"] or "none"
    text = _says("Zuora", job.params["parent"])
    current = zuora.account(key).parent_id
    if current == after:
        return job.done(text, changed=False, before=was, after=becomes)
    if current != before:
        raise StepFailed(
            "Somebody else has changed the parent in Zuora. Nothing was overwritten. Abandon this and start again."
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
    return job.done(f"{text} Read back.", changed=True, before=was, after=becomes, request_ids=ids)


def _move_in_hub(job: Job) -> StepReport:
    before, after = job.facts["hub_parent"], job.params["parent"]
    _check_links(job)
    with changing_hub(job, lambda now: f"The parent in the Hub is {now or 'none'} now.") as connection:
        changed = accounts.move_account(connection, job.account, before=before, after=after)
    return job.done(_says("The Hub", after), changed=changed, before=before or "none", after=after or "none")


def _check_links(job: Job) -> None:
    """Check the rules once more, on the families as they are now."""
    parent = job.params["parent"]
    if parent is None:
        return
    with job.services.engine.connect() as connection:
        links = accounts.family_links(connection, [job.account, parent])
    if refused := _refused_link(job.account, parent, links):
        raise StepFailed(f"{refused} Nothing more was changed.")


def _refused_link(child: str, parent: str, links: Mapping[str, str | None]) -> str | None:
    """Why this link is not allowed; None when it is, or when it exists."""
    if links.get(child) == parent:
        return None
    try:
        check_parent(child, parent, links)
    except InvalidParent as invalid:
        return str(invalid)
    return None


def _says(system: str, parent: str | None) -> str:
    return f"{system} has the parent {parent}." if parent else f"{system} has no parent for this account."


@dataclass(frozen=True)
class InZuora:
    """The child in Zuora, with the name of its parent there."""

    account: ZuoraAccount
    parent: str | None


@dataclass(frozen=True)
class Found:
    """Child and parent in the Hub and in Zuora, and the families they belong to."""

    child: Account
    parent: Account | None
    """None when the parent is to be removed, or the Hub has no such account."""
    links: Mapping[str, str | None]
    """Every account of both families with its parent."""
    zuora: InZuora | RemoteError | None
    """None when the child is not linked to Zuora, or the Hub has no such parent."""
    parent_zuora: ZuoraAccount | RemoteError | None
    """None when Zuora was not asked: there is no parent, or child or parent is not in Zuora."""

    @property
    def claims(self) -> tuple[str, ...]:
        """The other accounts that this run locks: the parent and the roots of both families."""
        involved = {one.number for one in (self.child, self.parent) if one is not None}
        roots = {([*ancestors(number, self.links)] or [number])[-1] for number in involved}
        return tuple(sorted((roots | involved) - {self.child.number}))


class ChangeParent(Action[Found]):
    """`params`: `parent`, an account number or None to remove it, and `base`, the parent the person saw."""

    kind = "parent"
    verb = "Change parent"
    permission = Permission.ACCOUNT_MOVE
    steps = (
        Step("zuora", "Change the parent in Zuora", _move_in_zuora),
        Step("hub", "Change the parent in the Hub", _move_in_hub),
    )

    def look(self, services: Services, wish: Wish) -> Found:
        wanted = wish.params["parent"]
        with services.engine.connect() as connection:
            child = accounts.get_account(connection, wish.account)
            parent = accounts.find_account(connection, wanted) if wanted else None
            links = accounts.family_links(connection, [wish.account, wanted] if wanted else [wish.account])
        zuora: InZuora | RemoteError | None = None
        parent_zuora: ZuoraAccount | RemoteError | None = None
        if (key := child.zuora_id) is not None and (parent is not None or not wanted):
            zuora = outcome(lambda: _read_child(services, key))
        if isinstance(zuora, InZuora) and parent is not None and (above := parent.zuora_id) is not None:
            parent_zuora = outcome(lambda: services.read_zuora(above))
        return Found(child, parent, links, zuora, parent_zuora)

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on a loop, a sixth level, a parent unknown to Zuora, or a changed base."""
        wanted, child, parent, zuora = wish.params["parent"], found.child, found.parent, found.zuora
        verb = "Remove" if not wanted else "Replace" if child.parent_number else "Add"
        title = f"{verb} the parent of {child.title}"
        if wanted and parent is None:
            return Draft(title=title, blockers=(f"There is no account {wanted} in the Hub.",))
        blockers = [*_hub_blockers(found), *_zuora_blockers(found)]
        if "base" in wish.params and wish.params["base"] != child.parent_number:
            blockers.append(
                f"The parent was {wish.params['base'] or 'not set'} when you began and is now "
                f"{child.parent_number or 'not set'}. Check it before you change it."
            )
        effects = []
        shown = parent.title if parent else "none"
        new_parent_id = parent.zuora_id if parent else None
        known = zuora if isinstance(zuora, InZuora) else None
        if known is not None and known.account.parent_id != new_parent_id:
            effects.append(Effect(system="Zuora", text="Parent account", before=known.parent or "none", after=shown))
        if child.parent_number != (parent.number if parent else None):
            before = f"{child.parent_number} - {child.parent_name}" if child.parent_number else "none"
            effects.append(Effect(system="Hub", text="Parent account", before=before, after=shown))
        if not effects and not blockers:
            blockers.append(f"The parent is already {shown}, in the Hub and in Zuora.")
        return Draft(
            title=title,
            effects=tuple(effects),
            warnings=() if zuora is not None else ("This account has no Zuora account, so only the Hub is changed.",),
            blockers=tuple(blockers),
            untouched=("Invoices, subscriptions, numbers and auth rules of both accounts.",),
            steps=tuple(effect.system.lower() for effect in effects),
            claims=found.claims,
            facts={
                "hub_parent": child.parent_number,
                "zuora_id": child.zuora_id,
                "new_parent_id": new_parent_id,
                "zuora_parent_id": known.account.parent_id if known else None,
                "zuora_parent": known.parent if known else None,
            },
        )

    def undo(self, services: Services, run: Run) -> dict[str, Any] | None:
        """Back to the parent the Hub had."""
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, run.account)
        before = run.plan["facts"]["hub_parent"]
        if current.parent_number != run.params["parent"] or before == current.parent_number:
            return None
        return {"parent": before, "base": current.parent_number}


def _read_child(services: Services, key: str) -> InZuora:
    account = services.read_zuora(key)
    if account.parent_id is None:
        return InZuora(account, None)
    with services.engine.connect() as connection:
        known = accounts.numbers_by_zuora_id(connection, [account.parent_id])
    name = known.get(account.parent_id) or f"Zuora account {services.read_zuora(account.parent_id).number}"
    return InZuora(account, name)


def _hub_blockers(found: Found) -> list[str]:
    child, parent = found.child, found.parent
    blockers = [
        f"{one.number} is {one.status_words}, so it cannot be a parent or a child."
        for one in (child, parent)
        if one is not None and one.is_ending
    ]
    if parent is not None and (refused := _refused_link(child.number, parent.number, found.links)):
        blockers.append(refused)
    return blockers


def _zuora_blockers(found: Found) -> list[str]:
    child, parent, zuora = found.child, found.parent, found.zuora
    if zuora is None:
        return []
    if isinstance(zuora, RemoteError):
        return refused_by_zuora(zuora, child.zuora_number)
    blockers = refused_by_zuora(zuora.account, child.zuora_number)
    if parent is not None and found.parent_zuora is None:
        blockers.append(f"{parent.number} has no Zuora account, so it cannot be a parent there.")
    elif parent is not None and found.parent_zuora is not None:
        blockers += refused_by_zuora(found.parent_zuora, parent.zuora_number)
    return blockers
