"""Put a billing subscription on an account, by its number, with the allowances it grants in Zuora."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.exc import IntegrityError

from lib.actions.billing.subscription import (
    InZuora,
    find_for,
    granted_detail,
    number_problem,
    saved_words,
    unmapped_detail,
    unmapped_warning,
)
from lib.actions.engine.action import Action, Job, Step, StepReport
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.domain.accounts import AccountStatus
from lib.domain.allowances import MapRow
from lib.domain.permissions import Identity, Permission
from lib.services import Services
from lib.store import accounts, billing
from lib.store.billing import SubscriptionTaken, SubscriptionTerms
from lib.store.engine import writing


def _add(job: Job) -> StepReport:
    number, terms = job.facts["number"], SubscriptionTerms.model_validate(job.facts["terms"])
    engine = job.services.engine
    try:
        with writing(engine) as connection:
            changed = billing.add_subscription(connection, job.account, number, name=job.facts["name"], terms=terms)
    except SubscriptionTaken as taken:
        raise StepFailed(f"{number} is on account {taken.owner} by now. Nothing was changed. Abandon this.") from taken
    except IntegrityError as error:
        # Another process was faster by less than a transaction; resumed, this sees whose it is.
        raise StepFailed(f"{number} was added somewhere else at this moment. Resume to look again.") from error
    with engine.connect() as connection:
        kept = billing.find_subscription(connection, job.account, number)
    if kept is None or (changed and kept.terms != terms):
        raise StepFailed(f"The Hub does not show {number} as it was written. Resume to try again.")
    return job.done(
        f"{number} is on this account, read back.", changed=changed, before="not there", after=saved_words(kept.terms)
    )


class AddSubscription(Action[Any]):
    """`params`: `number`, the subscription's number as typed."""

    kind = "add_subscription"
    verb = "Add subscription"
    permission = Permission.SUBSCRIPTIONS_EDIT
    steps = (Step("hub", "Add it in the Hub", _add),)

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """See `Action.draft`. Blocks on a number Zuora does not have for this account and on one that is taken."""
        typed = self.normalise(params)["number"]
        if problem := number_problem(typed):
            return Draft(title="Add a subscription", blockers=(problem,))
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, account)
            owner = billing.owner_of(connection, typed)
            rows = billing.list_charge_map(connection)
        title = f"Add {typed} to {current.title}"
        if AccountStatus.DEACTIVATED in (current.status, current.changing_to):
            return Draft(title=title, blockers=("The account is deactivated; nothing can be added to it.",))
        if owner is not None:
            where = "already on this account" if owner == account else f"on account {owner}. Remove it there first"
            return Draft(title=title, blockers=(f"{typed} is {where}.",))
        found = find_for(services, current, typed)
        if isinstance(found, str):
            return Draft(title=title, blockers=(found,))
        return _planned(title, found, rows, services.today())

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """See `Action.normalise`: blanks and line breaks around the number are dropped."""
        return {"number": " ".join(str(params.get("number") or "").split())}


def _planned(title: str, found: InZuora, rows: list[MapRow], today: date) -> Draft:
    granted = found.granted(rows, today)
    subscription, terms = found.subscription, found.terms(granted)
    number = subscription.number
    name = next((plan.product_name for plan in subscription.rate_plans if plan.product_name), None)
    details = [granted_detail(terms.allowances)]
    warnings = []
    if granted.unmapped:
        details.append(unmapped_detail(number, granted))
        warnings.append(unmapped_warning(number, granted))
    warnings += [words for words in (found.ended_words(today), found.later_words(rows, today)) if words]
    return Draft(
        title=title,
        effects=(Effect(system="Hub", text=f"Subscription {number}", before="not there", after=saved_words(terms)),),
        warnings=tuple(warnings),
        details=tuple(details),
        untouched=("Zuora is only read. PBXs and numbers keep the subscription they are billed to.",),
        steps=("hub",),
        facts={"number": number, "name": name[:120] if name else None, "terms": terms.model_dump(mode="json")},
    )
