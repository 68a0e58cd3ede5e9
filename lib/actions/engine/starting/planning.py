"""Make a plan, and make it once more before anything is done: it must be the same."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.actions.engine.action import Action, Wish, new_run_id
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

    def require_unchanged(self, plan: Plan, actor: Identity) -> Ground:
        """Raise unless the plan is recent, and a plan made now would be the same. Returns what that one is based on.

        Raises:
            PlanExpired: it is too old.
            Blocked, PlanChanged: a plan made now is different; each has the new one.
            NotAllowed: the person may not do this any more.
        """
        # A plan from the future was made before the clock was set back: its age is not known.
        if not plan.made_at <= datetime.now(UTC) < plan.expires_at:
            raise PlanExpired("Nothing was done: this plan is too old. Open the action again and check the new plan.")

        def draft(services: Services) -> Plan:
            # Read through `services`, so that the transaction that acts reads the person again.
            now = require_now(services, actor, self._actions[plan.kind].permission, plan.account)
            return self.plan(plan.kind, plan.account, plan.params, now, plan.opened, services)

        return look_again(plan, self._services, draft)

    def plan(
        self,
        kind: str,
        account: str,
        params: Mapping[str, Any],
        actor: Identity,
        opened: str | None,
        services: Services | None = None,
    ) -> Plan:
        """Read the current state and say what would happen; changes nothing. `opened`: the account whose page asks."""
        action, services = self._actions[kind], services or self._services
        made_at = datetime.now(UTC)
        wish = Wish(account, params, actor)
        draft = action.decide(action.look(services, wish), wish)
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
