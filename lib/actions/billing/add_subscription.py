"""Put a billing subscription on an account, by its number, with the allowances it grants in Zuora."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lib.actions.billing.subscription import InZuora, not_taken, number_problem, read_subscription, saved_words, usable
from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.clients.errors import RemoteError
from lib.domain.accounts import Account
from lib.domain.permissions import Permission
from lib.services import Services
from lib.store import accounts, billing
from lib.store.billing import SubscriptionTerms
from lib.store.engine import writing


@dataclass(frozen=True)
class Found:
    """`owner` is the account of the Hub that has the number, `answer` is what Zuora said about it."""

    account: Account
    owner: str | None
    answer: InZuora | RemoteError | None = None
    """None when Zuora was not asked: the Hub already refuses the number."""


def _add(job: Job) -> StepReport:
    number, terms = job.facts["number"], SubscriptionTerms.model_validate(job.facts["terms"])
    engine = job.services.engine
    with not_taken(number), writing(engine) as connection:
        changed = billing.add_subscription(connection, job.account, number, name=job.facts["name"], terms=terms)
    with engine.connect() as connection:
        kept = billing.find_subscription(connection, job.account, number)
    if kept is None or (changed and kept.terms != terms):
        raise StepFailed(f"The Hub does not show {number} as it was written. Resume to try again.")
    return job.done(
        f"{number} is on this account, read back.", changed=changed, before="not there", after=saved_words(kept.terms)
    )


class AddSubscription(Action[Found]):
    """`params`: `number`, the subscription's number as typed."""

    kind = "add_subscription"
    verb = "Add subscription"
    permission = Permission.SUBSCRIPTIONS_EDIT
    steps = (Step("hub", "Add it in the Hub", _add),)

    def look(self, services: Services, wish: Wish) -> Found:
        """Zuora is asked only about a number that the Hub would accept."""
        typed = self.normalise(wish.params)["number"]
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
            found = Found(account, None if number_problem(typed) else billing.owner_of(connection, typed))
            rows = billing.list_charge_map(connection)
        return found if _refusal(typed, found) else replace(found, answer=read_subscription(services, rows, typed))

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on a number Zuora does not have for this account and on one that is taken."""
        typed = self.normalise(wish.params)["number"]
        title = "Add a subscription" if number_problem(typed) else f"Add {typed} to {found.account.title}"
        if problem := _refusal(typed, found):
            return Draft(title=title, blockers=(problem,))
        assert found.answer is not None  # the look asked, as nothing was refused
        in_zuora = usable(typed, found.answer, found.account)
        if isinstance(in_zuora, str):
            return Draft(title=title, blockers=(in_zuora,))
        return _planned(title, in_zuora)

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The number without spaces and line breaks around it."""
        return {"number": " ".join(str(params.get("number") or "").split())}


def _refusal(typed: str, found: Found) -> str | None:
    """Why the Hub does not accept the number, whatever Zuora says."""
    if problem := number_problem(typed):
        return problem
    if found.account.is_ending:
        return f"The account is {found.account.status_words}, so nothing can be added to it."
    if found.owner is None:
        return None
    if found.owner == found.account.number:
        return f"{typed} is already on this account."
    return f"{typed} is on account {found.owner}. Remove it there first."


def _planned(title: str, found: InZuora) -> Draft:
    number, terms = found.subscription.number, found.terms
    name = next((plan.product_name for plan in found.subscription.rate_plans if plan.product_name), None)
    return Draft(
        title=title,
        effects=(Effect(system="Hub", text=f"Subscription {number}", before="not there", after=saved_words(terms)),),
        warnings=found.notes(),
        details=(found.grants(), *found.unmapped()),
        untouched=("Zuora, and the subscriptions that PBXs and numbers are billed to.",),
        steps=("hub",),
        facts={"number": number, "name": name[:120] if name else None, "terms": terms.model_dump(mode="json")},
    )
