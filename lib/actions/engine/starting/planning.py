"""Make a plan, and make it once more before anything is done: it has to be the same."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.actions.engine.action import Action, new_run_id
from lib.actions.engine.errors import PlanExpired
from lib.actions.engine.plan import Plan
from lib.actions.engine.starting.ground import Ground, look_again
from lib.actions.engine.who import require_now
from lib.domain.permissions import Identity
from lib.services import Services


class Planner:
    """Makes the plans of one process's runner."""

    def __init__(self, services: Services, actions: Mapping[str, Action[Any]]) -> None:
        self._services = services
        self._actions = actions

    def plan(self, kind: str, account: str, params: Mapping[str, Any], actor: Identity, opened: str | None) -> Plan:
        """Read live state and say what would happen; changes nothing. `opened`: the account whose page asks."""
        return self._plan(self._services, kind, account, params, actor, opened)

    def require_unchanged(self, plan: Plan, actor: Identity) -> Ground:
        """Raise unless the plan is young, and a plan made now would be the same; returns what that one is based on.

        Raises:
            PlanExpired: it is too old.
            Blocked, PlanChanged: it would be another one now; each carries that one.
            NotAllowed: the person may not do this any more.
        """
        # A plan from the future is one from before the clock was set back: nobody can say how old it is.
        if not plan.made_at <= datetime.now(UTC) < plan.expires_at:
            raise PlanExpired("Nothing was done: the plan is too old to rely on. Make a new one and look at it again.")

        def draft(services: Services) -> Plan:
            # Who acts is a part of the ground: it is asked again in the transaction that acts.
            now = require_now(services, actor, self._actions[plan.kind].permission, plan.account)
            return self._plan(services, plan.kind, plan.account, plan.params, now, plan.opened)

        return look_again(plan, self._services, draft)

    def _plan(
        self,
        services: Services,
        kind: str,
        account: str,
        params: Mapping[str, Any],
        actor: Identity,
        opened: str | None,
    ) -> Plan:
        action = self._actions[kind]
        made_at = datetime.now(UTC)
        draft = action.draft(services, account, params, actor)
        return Plan(
            **dict(draft),
            id=new_run_id(kind, account),
            kind=kind,
            account=account,
            params=action.normalise(params),
            made_by=actor.email,
            made_at=made_at,
            expires_at=made_at + timedelta(minutes=services.settings.plan_minutes),
            opened=opened,
        )
