"""Remove a billing subscription from an account, once no PBX and no number is billed to it."""

from dataclasses import dataclass

from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.domain.accounts import Account
from lib.domain.allowances import in_order, label_of, words_for
from lib.domain.numbers import national
from lib.domain.permissions import Permission
from lib.domain.words import and_more, counted
from lib.services import Services
from lib.store import accounts, billing
from lib.store.billing import HubSubscription, SubscriptionUse
from lib.store.engine import writing

NAMED = 10
"""At most this many users of a subscription are named; the others are counted."""


@dataclass(frozen=True)
class Found:
    """The subscription, and what is billed to it."""

    account: Account
    subscription: HubSubscription | None
    use: SubscriptionUse


def _remove(job: Job) -> StepReport:
    number, engine = job.params["number"], job.services.engine
    with writing(engine) as connection:
        if holders := _holders(number, billing.use_of(connection, job.account, number)):
            raise StepFailed(f"{' '.join(holders)} Nothing was removed. Change that and resume, or abandon this.")
        changed = billing.remove_subscription(connection, job.account, number)
    with engine.connect() as connection:
        if billing.find_subscription(connection, job.account, number) is not None:
            raise StepFailed(f"The Hub still shows {number}. Resume to try again.")
    return job.done(
        f"{number} is no longer on this account.", changed=changed, before=job.facts["granted"], after="removed"
    )


class RemoveSubscription(Action[Found]):
    """`params`: `number`, the number of a subscription of the account.

    Allowed for an account that is ending: no other account can have the subscription while this one has it.
    """

    kind = "remove_subscription"
    verb = "Remove subscription"
    permission = Permission.SUBSCRIPTIONS_EDIT
    steps = (Step("hub", "Remove it from the Hub", _remove),)

    def look(self, services: Services, wish: Wish) -> Found:
        number = str(wish.params.get("number") or "")
        with services.engine.connect() as connection:
            return Found(
                accounts.get_account(connection, wish.account),
                billing.find_subscription(connection, wish.account, number),
                billing.use_of(connection, wish.account, number),
            )

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks while PBXs or numbers use the subscription."""
        number = str(wish.params.get("number") or "")
        title = f"Remove {number} from {found.account.title}"
        if found.subscription is None:
            return Draft(title=title, blockers=(f"{number} is not on this account.",))
        allowances = found.subscription.terms.allowances
        words = ", ".join(f"{label_of(kind)} {words_for(kind, allowances[kind])}" for kind in in_order(allowances))
        granted = words or "no allowances"
        return Draft(
            title=title,
            effects=(Effect(system="Hub", text=f"Subscription {number}", before=granted, after="removed"),),
            blockers=tuple(_holders(number, found.use)),
            untouched=("The subscription in Zuora, which is billed as before.",),
            steps=("hub",),
            facts={"granted": granted},
        )


def _holders(number: str, use: SubscriptionUse) -> list[str]:
    """Sentences that name the PBXs and numbers that use the subscription."""
    sentences = []
    if use.pbxs:
        pbxs = f"{counted(len(use.pbxs), 'PBX')}: {and_more(use.pbxs, NAMED)}"
        sentences.append(f"{number} is the subscription of {pbxs}. Give each another one first.")
    if use.numbers:
        numbers = and_more([national(one) for one in use.numbers], NAMED)
        sentences.append(f"{number} is billed for {counted(len(use.numbers), 'number')}: {numbers}.")
    return sentences
