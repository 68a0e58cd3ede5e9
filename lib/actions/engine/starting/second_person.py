"""The optional second person (`AM_FOUR_EYES`): a hard action starts only after somebody else approved its exact plan.

Checked at every start, whatever the person's role. An approval is used up by the run it starts.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from lib.actions.engine.action import Action
from lib.actions.engine.errors import NeedsSecondPerson, NotAllowed, PlanChanged, WrongConfirmation
from lib.actions.engine.plan import Plan
from lib.actions.engine.starting.ground import Ground
from lib.domain.permissions import Identity
from lib.domain.texts import trimmed
from lib.services import Services
from lib.store import approvals, audit
from lib.store.approvals import Approval
from lib.store.engine import writing

HOURS = 24.0
"""How long a request can be answered."""


class SecondPerson:
    """Requests and approvals of one process's runner."""

    def __init__(self, services: Services, actions: Mapping[str, Action[Any]], executor_id: str) -> None:
        self._services = services
        self._actions = actions
        self._executor_id = executor_id

    def needed(self, kind: str) -> bool:
        """True when this kind of action needs a second person here."""
        return self._services.settings.four_eyes and self._actions[kind].hard

    def request(self, kind: str, account: str) -> Approval | None:
        """The newest request for this account that is still valid, approved or not."""
        with self._services.engine.connect() as connection:
            return approvals.newest(connection, kind, account, hours=HOURS)

    def ask(self, plan: Plan, actor: Identity, ground: Ground | None = None) -> None:
        """Ask a second person to approve the plan. Starts nothing.

        Raises:
            Moved: the Hub has changed.
        """
        with writing(self._services.engine) as connection:
            if ground is not None:
                ground.require(connection)
            approvals.ask(
                connection,
                kind=plan.kind,
                account=plan.account,
                fingerprint=plan.fingerprint,
                params=plan.params,
                asked_by=actor.email,
                asked_by_name=actor.name,
            )
            self._record(connection, plan, actor, "asked")

    def approve(
        self, approval: Approval, fresh: Plan, actor: Identity, typed: str | None, ground: Ground | None = None
    ) -> None:
        """Approve the plan as the second person sees it now.

        Raises:
            NotAllowed: it is their own request.
            WrongConfirmation: the typed number is not the account's.
            PlanChanged: it is no longer the plan that was asked about.
            NeedsSecondPerson: somebody else approved it a moment ago, and it may have started.
            Moved: the Hub has changed.
        """
        if approval.asked_by == actor.email:
            raise NotAllowed("Not approved: you asked for this yourself. The second person must be somebody else.")
        if trimmed(typed or "") != approval.account:
            raise WrongConfirmation(
                f"Not approved: “{typed or ''}” is not the number of this account. Type {approval.account}."
            )
        if fresh.blockers or fresh.fingerprint != approval.fingerprint:
            raise PlanChanged(fresh, ("The plan is no longer the one that was asked about. Ask again.",))
        with writing(self._services.engine) as connection:
            if ground is not None:
                ground.require(connection)
            if not approvals.approve(connection, approval.id, by=actor.email, by_name=actor.name):
                raise NeedsSecondPerson("Not approved: somebody else approved this a moment ago.")
            self._record(connection, fresh, actor, "approved")

    def check(self, plan: Plan, actor: Identity) -> Callable[[Connection], None]:
        """Raise unless the plan may start. Returns what uses up the approval in the transaction of the start.

        Raises:
            NeedsSecondPerson: nobody else approved exactly this plan.
        """
        if not self.needed(plan.kind):
            return lambda _connection: None
        found = self.request(plan.kind, plan.account)
        if found is None or found.fingerprint != plan.fingerprint or found.approved_by in (None, actor.email):
            raise NeedsSecondPerson(
                "Nothing was done: a second person must approve exactly this plan first. Ask for approval, then have "
                "somebody else with the same right open this account."
            )

        def spend(connection: Connection) -> None:
            if not approvals.use(connection, found.id, plan.id):
                raise NeedsSecondPerson("Nothing was done: the approval was used by another run a moment ago.")

        return spend

    def _record(self, connection: Connection, plan: Plan, actor: Identity, phase: str) -> None:
        audit.append_event(
            connection,
            kind=plan.kind,
            phase=phase,
            actor=actor.email,
            account=plan.account,
            details={"fingerprint": plan.fingerprint, "params": plan.params},
            executor=self._executor_id,
        )
