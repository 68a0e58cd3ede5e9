"""Give a PBX another group name. Every login of its extensions changes with it, and each person gets an e-mail."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lib.actions.emails.mailing import send_mail
from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Detail, Draft, Effect
from lib.actions.not_overwritten import changing_hub
from lib.clients.errors import Busy, Rejected
from lib.domain.accounts import Account
from lib.domain.digest import digest
from lib.domain.emails import EmailKind
from lib.domain.pbx import InvalidGroupName, check_group_name, login_of
from lib.domain.permissions import Permission
from lib.domain.words import and_more, counted
from lib.services import Services
from lib.store import accounts, pbxs
from lib.store.items import items_of_step, keep_items
from lib.store.pbxs import Extension, Pbx

_WHEN = "Changed at"
IN_A_ROW = 3
"""After this many refused recipients in a row the mail server is the problem, not the recipients."""
_GONE = "The PBX is no longer on this account. Nothing was changed."


@dataclass(frozen=True)
class Found:
    """The rest is empty when the PBX is gone or the group name is not valid."""

    account: Account
    pbx: Pbx | None
    users: list[Extension]
    holder: tuple[str, str] | None = None
    """Account and name of the PBX that has the new group name."""
    taken: tuple[str, ...] = ()
    """New logins that phone users of another PBX have."""


def _change_logins(job: Job) -> StepReport:
    before, after, pbx_id = job.facts["group_name"], job.params["group_name"], job.params["pbx"]
    zone = ZoneInfo(job.services.settings.time_zone)
    try:
        with changing_hub(job, lambda now: f"The group name is now “{now}”, and no login was changed.") as connection:
            changed = pbxs.rename_group(connection, job.account, pbx_id, before=before, after=after)
            kept = items_of_step(connection, job.run.id, job.step)
            items: list[tuple[str, str]] = list(changed)
            if not kept:
                # Every e-mail names this time, even one that is sent after a failure.
                items.insert(0, (_WHEN, f"{datetime.now(zone):%-d %B %Y, %H:%M} ({zone.key})"))
            # In the same transaction: after a kill nothing else knows the old logins.
            keep_items(connection, job.run.id, job.step, items)
    except pbxs.PbxGone as gone:
        raise StepFailed(f"{_GONE} Abandon this.") from gone
    except pbxs.GroupNameTaken as taken:
        raise StepFailed(
            f"The group name “{after}”, or a login with it, is taken now. No login was changed. "
            "Abandon this and choose another name."
        ) from taken
    with job.services.engine.connect() as connection:
        wrong = [
            one.login for one in pbxs.list_extensions(connection, pbx_id) if one.login != login_of(one.extension, after)
        ]
        count = len(_changes(items_of_step(connection, job.run.id, job.step)))
    if wrong:
        raise StepFailed(f"{counted(len(wrong), 'login')} did not change to “{after}”. Resume to check again.")
    text = f"The group name and {counted(count, 'login')} changed, read back."
    return StepReport(outcome="done", text=text, count=count, before=before, after=after)


def _mail(job: Job) -> StepReport:
    """One e-mail for each recipient. Nobody who got it from an earlier attempt gets it again."""
    with job.services.engine.connect() as connection:
        kept = items_of_step(connection, job.run.id, "logins")
        users = pbxs.list_extensions(connection, job.params["pbx"])
    old = {after: before for before, after in _changes(kept)}
    # Extensions may share a mailbox. It gets one e-mail with all of them.
    letters: dict[str, tuple[str, list[tuple[str, str, str]]]] = {}
    for user in users:
        if user.email and user.login in old:
            _, logins = letters.setdefault(user.email.casefold(), (user.email, []))
            logins.append((user.extension, old[user.login], user.login))
    named = {"account_number": job.account, "pbx_name": job.facts["pbx"], "when": dict(kept)[_WHEN]}
    refused: list[str] = []
    in_a_row = 0
    for position, (mailbox, (recipient, logins)) in enumerate(letters.items(), start=1):
        own = replace(job, key=f"{job.key}:{mailbox}")
        try:
            send_mail(own, EmailKind.PBX_LOGIN_CHANGE, recipient, {**named, "logins": logins})
        except (Rejected, Busy) as error:
            refused.append(recipient)
            job.journal.itemise([(recipient, "refused by the mail server")])
            in_a_row += 1
            if in_a_row == IN_A_ROW:
                raise StepFailed(f"{_some(refused)} The rest were not tried. {error}") from error
        else:
            in_a_row = 0
            job.journal.itemise([(recipient, "accepted by the mail server")])
        job.journal.progress(position, len(letters))
    if refused:
        raise StepFailed(f"{_some(refused)} The others have theirs. Resume tries only these again.")
    if not letters:
        return StepReport(outcome="nothing", text="No extension has an e-mail address.", count=0)
    text = f"The mail server accepted {counted(len(letters), 'e-mail')}."
    return StepReport(outcome="done", text=text, count=len(letters))


def _changes(kept: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(before, after) for before, after in kept if before != _WHEN]


def _some(recipients: list[str]) -> str:
    return f"The mail server refused {counted(len(recipients), 'e-mail')}: {and_more(recipients, IN_A_ROW)}."


class RenamePbx(Action[Found]):
    """`params`: `pbx` (its id), `group_name` as typed, `base`: the group name the person saw."""

    kind = "rename_pbx"
    verb = "Update name"
    permission = Permission.PBX_RENAME
    hard = True
    steps = (
        Step("logins", "Change the group name and every login", _change_logins),
        Step("mails", "E-mail each person", _mail),
    )

    def look(self, services: Services, wish: Wish) -> Found:
        name = _typed(wish)
        with services.engine.connect() as connection:
            account = accounts.get_account(connection, wish.account)
            pbx = pbxs.find_pbx(connection, wish.account, int(wish.params["pbx"]))
            if pbx is None or isinstance(name, InvalidGroupName):
                return Found(account, pbx, [])
            users = pbxs.list_extensions(connection, pbx.id)
            taken = pbxs.taken_logins(connection, pbx.id, [login_of(one.extension, name) for one in users])
            return Found(account, pbx, users, pbxs.holder_of(connection, name), tuple(taken))

    def decide(self, found: Found, wish: Wish) -> Draft:
        """Blocks on a name that cannot be used or is taken, and on a changed base."""
        name, pbx, users = _typed(wish), found.pbx, found.users
        if pbx is None:
            return Draft(title=f"Group name of a PBX of {found.account.title}", blockers=(_GONE,))
        title = f"Group name of PBX {pbx.name}, {found.account.title}"
        if isinstance(name, InvalidGroupName):
            return Draft(title=title, blockers=name.problems)
        # Different as soon as an extension changes: 5,000 of them are too many to keep as facts.
        of = digest([(one.extension, one.login, one.email) for one in users])
        return Draft(
            title=title,
            effects=_effects(pbx, name, users),
            warnings=_warnings(users),
            blockers=tuple(_blockers(found, pbx, name, wish.params.get("base"))),
            untouched=("The name of the PBX, numbers, queues, callflows, passwords and billing.",),
            details=(_detail(name, users),),
            steps=("logins", "mails"),
            facts={"pbx": pbx.name, "group_name": pbx.group_name, "extensions": len(users), "of": of},
        )

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The group name without spaces around it."""
        return {**params, "group_name": str(params.get("group_name") or "").strip()}


def _typed(wish: Wish) -> str | InvalidGroupName:
    """The group name that was typed, or what is wrong with it."""
    try:
        return check_group_name(str(wish.params.get("group_name") or ""))
    except InvalidGroupName as invalid:
        return invalid


def _blockers(found: Found, pbx: Pbx, name: str, base: str | None) -> list[str]:
    blockers = []
    if found.account.is_ending:
        blockers.append(f"The account is {found.account.status_words}, so its PBXs cannot be changed.")
    if base not in (None, pbx.group_name):
        blockers.append(
            f"Somebody else changed the group name from “{base}” to “{pbx.group_name}” while you were typing. "
            "Check it, and start again if you still want yours."
        )
    if name == pbx.group_name:
        blockers.append(f"The group name is already “{name}”.")
    elif found.holder is not None:
        blockers.append(f"The group name “{name}” is taken by the PBX {found.holder[1]} of account {found.holder[0]}.")
    elif taken := found.taken:
        blockers.append(f"Another PBX has {len(taken)} of the new logins, such as {taken[0]}. Choose another name.")
    return blockers


def _effects(pbx: Pbx, name: str, users: list[Extension]) -> tuple[Effect, ...]:
    people = {one.email.casefold() for one in users if one.email}
    effects = [Effect(system="Hub", text="Group name", before=pbx.group_name, after=name)]
    if users:
        each, old = f"{counted(len(users), 'extension login')}, each like", users[0].login
        effects.append(Effect(system="Hub", text=each, before=old, after=login_of(users[0].extension, name)))
    if people:
        effects.append(Effect(system="E-mail", text=f"{counted(len(people), 'recipient')}: the new login"))
    return tuple(effects)


def _warnings(users: list[Extension]) -> tuple[str, ...]:
    warnings = [
        "Every phone and app of this PBX is signed out and must sign in again with the new login.",
        "A device that keeps trying the old login can get the office's IP address blocked. "
        "Agree on a time with the customer first.",
    ]
    unmailed = [one.extension for one in users if not one.email]
    if unmailed:
        warnings.append(f"No e-mail address; call: {and_more(unmailed, 10)}.")
    return tuple(warnings)


def _detail(name: str, users: list[Extension]) -> Detail:
    columns = ("Extension", "Name", "Login now", "New login", "E-mail to")
    rows = [(one.extension, one.name, one.login, login_of(one.extension, name), one.email or "nobody") for one in users]
    return Detail(title="Logins", columns=columns, rows=tuple(rows))
