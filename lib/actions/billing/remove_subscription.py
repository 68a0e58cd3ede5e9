"""Take a billing subscription off an account, once no PBX and no number is billed to it."""

from collections.abc import Mapping
from typing import Any

from lib.actions.engine.action import Action, Job, Step, StepReport
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.domain.allowances import in_order, label_of, words_for
from lib.domain.numbers import national
from lib.domain.permissions import Identity, Permission
from lib.domain.words import counted
from lib.services import Services
from lib.store import accounts, billing
from lib.store.billing import SubscriptionUse
from lib.store.engine import writing

NAMED = 10
"""So many of those that use a subscription are named; the others are counted."""


def _remove(job: Job) -> StepReport:
    number, engine = job.params["number"], job.services.engine
    with writing(engine) as connection:
        if holders := _holders(number, billing.use_of(connection, job.account, number)):
            raise StepFailed(f"{' '.join(holders)} Nothing was removed. Abandon this, or free it and resume.")
        changed = billing.remove_subscription(connection, job.account, number)
    with engine.connect() as connection:
        if billing.find_subscription(connection, job.account, number) is not None:
            raise StepFailed(f"The Hub still shows {number}. Resume to try again.")
    return job.done(
        f"{number} is not on this account any more.", changed=changed, before=job.facts["granted"], after="removed"
    )


class RemoveSubscription(Action[Any]):
    """`params`: `number`, the number of a subscription of the account."""

    kind = "remove_subscription"
    verb = "Remove subscription"
    permission = Permission.SUBSCRIPTIONS_EDIT
    steps = (Step("hub", "Remove it from the Hub", _remove),)

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """See `Action.draft`. Blocks with the PBXs and numbers that still use the subscription."""
        number = str(params.get("number") or "")
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, account)
            found = billing.find_subscription(connection, account, number)
            use = billing.use_of(connection, account, number)
        title = f"Remove {number} from {current.title}"
        if found is None:
            return Draft(title=title, blockers=(f"{number} is not on this account.",))
        allowances = found.terms.allowances
        words = ", ".join(f"{label_of(kind)} {words_for(kind, allowances[kind])}" for kind in in_order(allowances))
        granted = words or "no allowances"
        return Draft(
            title=title,
            effects=(Effect(system="Hub", text=f"Subscription {number}", before=granted, after="removed"),),
            blockers=tuple(_holders(number, use)),
            untouched=("The subscription in Zuora goes on and is billed as before.",),
            steps=("hub",),
            facts={"granted": granted},
        )


def _holders(number: str, use: SubscriptionUse) -> list[str]:
    """Sentences that name who still uses the subscription."""
    found = []
    if use.pbxs:
        found.append(f"{number} is the subscription of {_some(use.pbxs, 'PBX')}. Give each another one first.")
    if use.numbers:
        shown = tuple(national(one) for one in use.numbers[:NAMED])
        found.append(f"{number} is billed for {_some(shown, 'number', len(use.numbers))}.")
    return found


def _some(names: tuple[str, ...], what: str, count: int | None = None) -> str:
    amount = len(names) if count is None else count
    more = f" and {amount - NAMED:,} more" if amount > NAMED else ""
    return f"{counted(amount, what)}: {', '.join(names[:NAMED])}{more}"
