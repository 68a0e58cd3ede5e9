"""Edit a billing subscription: what it is called, and the number under which Zuora bills it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from lib.actions.billing.subscription import (
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
from lib.domain.accounts import Account, AccountStatus
from lib.domain.allowances import changes, label_of, words_for
from lib.domain.names import InvalidName, check_name
from lib.domain.permissions import Identity, Permission
from lib.domain.words import counted
from lib.services import Services
from lib.store import accounts, billing
from lib.store.billing import HubSubscription, SubscriptionTaken, SubscriptionTerms, SubscriptionUse
from lib.store.engine import writing

NAME_LIMIT = 120
"""So many characters of a name are kept by the Hub."""


def _edit(job: Job) -> StepReport:
    facts = job.facts
    before, to = facts["before"], facts["number"]
    terms = SubscriptionTerms.model_validate(facts["terms"])
    engine = job.services.engine
    try:
        with writing(engine) as connection:
            kept = billing.find_subscription(connection, job.account, to)
            changed = kept is None or (kept.name, kept.terms) != (facts["name"], terms)
            if changed:
                _refuse_if_changed(billing.find_subscription(connection, job.account, before["number"]), before)
                billing.change_subscription(
                    connection, job.account, before["number"], to=to, name=facts["name"], terms=terms
                )
    except SubscriptionTaken as taken:
        raise StepFailed(f"{to} is on account {taken.owner} by now. Nothing was changed. Abandon this.") from taken
    except IntegrityError as error:
        # Another process was faster by less than a transaction; resumed, this sees whose it is.
        raise StepFailed(f"{to} was added somewhere else at this moment. Resume to look again.") from error
    with engine.connect() as connection:
        kept = billing.find_subscription(connection, job.account, to)
    if kept is None or (kept.name, kept.terms) != (facts["name"], terms):
        raise StepFailed(f"The Hub does not show {to} as it was written. Resume to try again.")
    return job.done(
        f"The Hub has {to}, read back.", changed=changed, before=_words(before), after=_words(_stored(kept))
    )


def _stored(one: HubSubscription) -> dict[str, Any]:
    return one.model_dump(mode="json", include={"number", "name", "terms"})


def _words(one: Mapping[str, Any]) -> str:
    return f"{one['number']}, {one['name'] or 'without a name'}"


def _refuse_if_changed(current: HubSubscription | None, before: Mapping[str, Any]) -> None:
    if current is None:
        raise StepFailed(f"{before['number']} is not on this account any more. Nothing was changed. Abandon this.")
    if _stored(current) != before:
        raise StepFailed(
            f"Somebody changed {before['number']} in the Hub meanwhile. Nothing was changed. "
            "Abandon this and start again."
        )


class EditSubscription(Action[Any]):
    """`params`: `subscription`, the number it has; `number` and `name`, which it shall have, as typed."""

    kind = "edit_subscription"
    verb = "Save subscription"
    permission = Permission.SUBSCRIPTIONS_EDIT
    steps = (Step("hub", "Save it in the Hub", _edit),)

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """See `Action.draft`. Reads Zuora for another number only; blocks on one that is not this account's."""
        asked = self.normalise(params)
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, account)
            stored = billing.find_subscription(connection, account, asked["subscription"])
            use = billing.use_of(connection, account, asked["subscription"])
            owner = billing.owner_of(connection, asked["number"])
            rows = billing.list_charge_map(connection)
        title = f"Edit subscription {asked['subscription']} of {current.title}"
        if problem := _refusal(asked, current, stored, owner):
            return Draft(title=title, blockers=(problem,))
        assert stored is not None  # _refusal has a sentence for that
        name = check_name(asked["name"]) if asked["name"] else None
        if asked["number"] == stored.number:
            return _planned(title, stored, stored.number, name, stored.terms, use)
        found = find_for(services, current, asked["number"])
        if isinstance(found, str):
            return Draft(title=title, blockers=(found,))
        today = services.today()
        granted = found.granted(rows, today)
        draft = _planned(title, stored, asked["number"], name, found.terms(granted), use)
        warnings = [unmapped_warning(asked["number"], granted)] if granted.unmapped else []
        warnings += [words for words in (found.ended_words(today), found.later_words(rows, today)) if words]
        unmapped = (unmapped_detail(asked["number"], granted),) if granted.unmapped else ()
        return draft.model_copy(update={"warnings": tuple(warnings), "details": (*draft.details, *unmapped)})

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """See `Action.normalise`: blanks and line breaks around what was typed are dropped."""
        return {key: " ".join(str(params.get(key) or "").split()) for key in ("subscription", "number", "name")}


def _refusal(
    asked: Mapping[str, str], current: Account, stored: HubSubscription | None, owner: str | None
) -> str | None:
    if stored is None:
        return f"{asked['subscription']} is not on this account."
    if AccountStatus.DEACTIVATED in (current.status, current.changing_to):
        return "The account is deactivated; nothing of it can be edited."
    if problem := number_problem(asked["number"]) or _name_problem(asked["name"]):
        return problem
    if asked["number"] == stored.number:
        same = (asked["name"] or None) == stored.name
        return "Nothing is different: type another number or another name." if same else None
    if owner is None:
        return None
    where = "on this account as a subscription of its own" if owner == current.number else f"on account {owner}"
    return f"{asked['number']} is already {where}."


def _name_problem(name: str) -> str | None:
    """A subscription needs no name; one that is typed has to be readable and fit."""
    if len(name) > NAME_LIMIT:
        return f"The name has {len(name)} characters; the Hub keeps at most {NAME_LIMIT}."
    try:
        check_name(name or "none")
    except InvalidName as invalid:
        return str(invalid)
    return None


def _planned(
    title: str, stored: HubSubscription, number: str, name: str | None, terms: SubscriptionTerms, use: SubscriptionUse
) -> Draft:
    effects = []
    if name != stored.name:
        effects.append(Effect(system="Hub", text="Name", before=stored.name or "none", after=name or "none"))
    if number != stored.number:
        effects.append(Effect(system="Hub", text="Subscription number", before=stored.number, after=number))
        effects.append(
            Effect(system="Hub", text="Status and term", before=saved_words(stored.terms), after=saved_words(terms))
        )
        effects += [
            Effect(system="Hub", text=label_of(kind), before=words_for(kind, old), after=words_for(kind, new))
            for kind, old, new in changes(stored.terms.allowances, terms.allowances)
        ]
        if use.pbxs or use.numbers:
            billed = f"{counted(len(use.pbxs), 'PBX')} and {counted(len(use.numbers), 'number')}"
            effects.append(Effect(system="Hub", text=f"{billed} billed to it", before=stored.number, after=number))
    return Draft(
        title=title,
        effects=tuple(effects),
        details=(granted_detail(terms.allowances),) if number != stored.number else (),
        untouched=("Zuora is only read: both subscriptions go on there as they are.",)
        if number != stored.number
        else ("Zuora, allowances, and whatever is billed to the subscription.",),
        steps=("hub",),
        facts={
            "before": _stored(stored),
            "number": number,
            "name": name,
            "terms": terms.model_dump(mode="json"),
        },
    )
