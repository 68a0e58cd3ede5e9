"""Edit a billing subscription: what it is called, and the number under which Zuora bills it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lib.actions.billing.subscription import InZuora, not_taken, number_problem, read_subscription, saved_words, usable
from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Draft, Effect
from lib.clients.errors import RemoteError
from lib.domain.accounts import Account
from lib.domain.allowances import changes, label_of, words_for
from lib.domain.names import InvalidName, check_name
from lib.domain.permissions import Permission
from lib.domain.words import counted
from lib.services import Services
from lib.store import accounts, billing
from lib.store.billing import HubSubscription, SubscriptionTerms, SubscriptionUse
from lib.store.engine import writing

NAME_LIMIT = 120
"""The Hub keeps at most this many characters of a name."""


@dataclass(frozen=True)
class Found:
    """`owner` is the account of the Hub that has the typed number, `answer` is what Zuora said about it."""

    account: Account
    stored: HubSubscription | None
    use: SubscriptionUse
    owner: str | None
    answer: InZuora | RemoteError | None = None
    """None when Zuora was not asked: the number stays, or the Hub already refuses the edit."""


def _edit(job: Job) -> StepReport:
    facts = job.facts
    before, to = facts["before"], facts["number"]
    terms = SubscriptionTerms.model_validate(facts["terms"])
    engine = job.services.engine
    with not_taken(to), writing(engine) as connection:
        kept = billing.find_subscription(connection, job.account, to)
        changed = kept is None or (kept.name, kept.terms) != (facts["name"], terms)
        if changed:
            current = billing.find_subscription(connection, job.account, before["number"])
            if current is None or _stored(current) != before:
                raise StepFailed(
                    f"Somebody else changed or removed {before['number']} in the Hub. Nothing was overwritten. "
                    "Abandon this and start again."
                )
            billing.change_subscription(
                connection, job.account, before["number"], to=to, name=facts["name"], terms=terms
            )
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


class EditSubscription(Action[Found]):
    """`params`: `subscription`, its number now; `number` and `name`, the new ones as typed."""

    kind = "edit_subscription"
    verb = "Save subscription"
    permission = Permission.SUBSCRIPTIONS_EDIT
    steps = (Step("hub", "Save it in the Hub", _edit),)

    def look(self, services: Services, wish: Wish) -> Found:
        """Zuora is read only for a new number."""
        asked = self.normalise(wish.params)
        with services.engine.connect() as connection:
            found = Found(
                account=accounts.get_account(connection, wish.account),
                stored=billing.find_subscription(connection, wish.account, asked["subscription"]),
                use=billing.use_of(connection, wish.account, asked["subscription"]),
                owner=None if number_problem(asked["number"]) else billing.owner_of(connection, asked["number"]),
            )
            rows = billing.list_charge_map(connection)
        if _refusal(asked, found) or (found.stored and asked["number"] == found.stored.number):
            return found
        return replace(found, answer=read_subscription(services, rows, asked["number"]))

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on a number that is not this account's, and on a name that is not valid."""
        asked = self.normalise(wish.params)
        title = f"Edit subscription {asked['subscription']} of {found.account.title}"
        if problem := _refusal(asked, found):
            return Draft(title=title, blockers=(problem,))
        stored = found.stored
        assert stored is not None  # _refusal has a sentence for that
        name = check_name(asked["name"]) if asked["name"] else None
        if asked["number"] == stored.number:
            return _planned(title, stored, name, found.use)
        assert found.answer is not None  # the look asked, as nothing was refused
        other = usable(asked["number"], found.answer, found.account)
        if isinstance(other, str):
            return Draft(title=title, blockers=(other,))
        return _planned(title, stored, name, found.use, other)

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Without spaces and line breaks around what was typed."""
        return {key: " ".join(str(params.get(key) or "").split()) for key in ("subscription", "number", "name")}


def _refusal(asked: Mapping[str, str], found: Found) -> str | None:
    """Why the Hub does not accept the edit, whatever Zuora says."""
    if found.stored is None:
        return f"{asked['subscription']} is not on this account."
    if found.account.is_ending:
        return f"The account is {found.account.status_words}, so its subscriptions cannot be edited."
    if problem := number_problem(asked["number"]) or _name_problem(asked["name"]):
        return problem
    if asked["number"] == found.stored.number:
        same = (asked["name"] or None) == found.stored.name
        return "There is nothing to save: type another number or another name." if same else None
    if found.owner is None:
        return None
    own = found.owner == found.account.number
    where = "on this account as a subscription of its own" if own else f"on account {found.owner}"
    return f"{asked['number']} is already {where}."


def _name_problem(name: str) -> str | None:
    """What is wrong with a typed name, as a sentence. A subscription needs no name."""
    if len(name) > NAME_LIMIT:
        return f"The name has {len(name)} characters. It can have at most {NAME_LIMIT}."
    try:
        check_name(name or "none")
    except InvalidName as invalid:
        return str(invalid)
    return None


def _planned(
    title: str, stored: HubSubscription, name: str | None, use: SubscriptionUse, other: InZuora | None = None
) -> Draft:
    """The new name, and with an `other` subscription its number and everything that changes with that."""
    number, terms = (other.subscription.number, other.terms) if other else (stored.number, stored.terms)
    rows = [] if name == stored.name else [("Name", stored.name or "none", name or "none")]
    rows += _renumbered(stored, number, terms, use) if other else []
    goes_on = "Both subscriptions in Zuora."
    return Draft(
        title=title,
        effects=tuple(Effect(system="Hub", text=text, before=was, after=then) for text, was, then in rows),
        warnings=other.notes() if other else (),
        details=(other.grants(), *other.unmapped()) if other else (),
        untouched=(goes_on if other else "Zuora, allowances, and everything that is billed to the subscription.",),
        steps=("hub",),
        facts={"before": _stored(stored), "number": number, "name": name, "terms": terms.model_dump(mode="json")},
    )


def _renumbered(
    stored: HubSubscription, number: str, terms: SubscriptionTerms, use: SubscriptionUse
) -> list[tuple[str, str, str]]:
    """What changes with the number: the term, the allowances, and what is billed to it."""
    rows = [
        ("Subscription number", stored.number, number),
        ("Status and term", saved_words(stored.terms), saved_words(terms)),
    ]
    for kind, was, then in changes(stored.terms.allowances, terms.allowances):
        rows.append((label_of(kind), words_for(kind, was), words_for(kind, then)))
    if use.pbxs or use.numbers:
        billed = f"{counted(len(use.pbxs), 'PBX')} and {counted(len(use.numbers), 'number')} billed to it"
        rows.append((billed, stored.number, number))
    return rows
