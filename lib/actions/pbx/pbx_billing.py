"""Choose the subscription of the account that a PBX is billed to."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.actions.not_overwritten import changing_hub
from lib.domain.accounts import Account
from lib.domain.allowances import end_words
from lib.domain.permissions import Permission
from lib.services import Services
from lib.store import accounts, pbxs
from lib.store.pbxs import Pbx, Subscription
from lib.store.runs import Run

_GONE = "The PBX is no longer on this account. Nothing was changed."


@dataclass(frozen=True)
class Found:
    """What the look finds. `offered` are the account's subscriptions by number."""

    account: Account
    pbx: Pbx | None
    offered: dict[str, Subscription]
    today: date


def _write(job: Job) -> StepReport:
    before, after = job.facts["subscription"], job.params["subscription"]
    pbx_id = job.params["pbx"]
    try:
        with changing_hub(job, lambda now: f"The PBX is now billed to {_shown(now)}.") as connection:
            changed = pbxs.change_subscription(connection, job.account, pbx_id, before=before, after=after)
        with job.services.engine.connect() as connection:
            read = pbxs.get_pbx(connection, job.account, pbx_id).subscription
    except pbxs.PbxGone as gone:
        raise StepFailed("The PBX or the subscription is gone. Nothing was changed. Abandon this.") from gone
    if read != after:
        raise StepFailed(f"Somebody else has billed the PBX to {_shown(read)} since. Abandon this and check it.")
    return job.done(
        f"The PBX is billed to {_shown(after)}, read back.", changed=changed, before=_shown(before), after=_shown(after)
    )


class PbxBilling(Action[Found]):
    """`params`: `pbx` (its id), `subscription` (its number, or None), `base`: the one the person saw."""

    kind = "pbx_billing"
    verb = "Change billing subscription"
    permission = Permission.PBX_BILLING
    steps = (Step("hub", "Bill it to the other subscription", _write),)

    def look(self, services: Services, wish: Wish) -> Found:
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
            pbx = pbxs.find_pbx(connection, wish.account, int(wish.params["pbx"]))
            offered = {one.number: one for one in pbxs.list_subscriptions(connection, wish.account)}
        return Found(account, pbx, offered, services.today())

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on a subscription of another account and on a changed base."""
        pbx, wanted = found.pbx, wish.params.get("subscription")
        if pbx is None:
            return Draft(title=f"Billing subscription of {found.account.title}", blockers=(_GONE,))
        blockers, warnings = [], []
        if found.account.is_ending:
            blockers.append(f"The account is {found.account.status_words}, so its PBXs cannot be changed.")
        if wish.params.get("base", pbx.subscription) != pbx.subscription:
            blockers.append(
                f"Somebody changed the billing subscription from {_shown(wish.params['base'])} to "
                f"{_shown(pbx.subscription)} while you were choosing. Check it before you try again."
            )
        if wanted == pbx.subscription:
            blockers.append(f"The PBX is already billed to {_shown(wanted)}.")
        if wanted is None:
            warnings.append("Without a billing subscription, nobody pays for the outbound calls of this PBX.")
        elif wanted not in found.offered:
            blockers.append(f"Account {found.account.number} has no subscription {wanted} in the Hub.")
        elif warning := _ending(found.offered[wanted], found.today):
            warnings.append(warning)
        before, after = _shown(pbx.subscription), _shown(wanted)
        return Draft(
            title=f"Billing subscription of PBX {pbx.name}, {found.account.title}",
            effects=(Effect(system="Hub", text=f"Billing subscription of {pbx.name}", before=before, after=after),),
            warnings=tuple(warnings),
            blockers=tuple(blockers),
            untouched=("The subscriptions in Zuora, and the numbers, extensions and logins.",),
            steps=("hub",),
            facts={"pbx": pbx.name, "subscription": pbx.subscription},
        )

    def undo(self, services: Services, run: Run) -> dict[str, Any] | None:
        """Back to the earlier subscription."""
        before = run.plan["facts"]["subscription"]
        with services.engine.connect() as connection:
            pbx = pbxs.find_pbx(connection, run.account, run.params["pbx"])
        if pbx is None or pbx.subscription != run.params["subscription"] or before == pbx.subscription:
            return None
        return {"pbx": pbx.id, "subscription": before, "base": pbx.subscription}


def _ending(one: Subscription, today: date) -> str | None:
    """That the subscription has ended or will end; None when it goes on."""
    status = (one.status or "Active").lower()
    ends = end_words(one.ends, today)
    if status != "active":
        return f"The subscription {one.number} is {status}, not active" + (f"; it {ends}." if ends else ".")
    return f"The subscription {one.number} {ends}." if ends else None


def _shown(number: str | None) -> str:
    return number or "no subscription"
