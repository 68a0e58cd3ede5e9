"""Give a PBX another group name. Every login of its extensions changes with it, and each person is told by e-mail."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lib.actions.emails.mailing import send_mail
from lib.actions.engine.action import Action, Job, Step, StepReport
from lib.actions.engine.errors import StepFailed
from lib.actions.engine.plan import Detail, Draft, Effect
from lib.clients.errors import Busy, Rejected
from lib.domain.accounts import Account, AccountStatus
from lib.domain.emails import EmailKind
from lib.domain.pbx import InvalidGroupName, check_group_name, login_of
from lib.domain.permissions import Identity, Permission
from lib.domain.words import counted
from lib.services import Services
from lib.store import accounts, pbxs
from lib.store.engine import writing
from lib.store.items import items_of_step, keep_items
from lib.store.pbxs import Extension, Pbx

_WHEN = "Changed at"
IN_A_ROW = 3
"""So many recipients refused one after another are the mail server's trouble, not theirs."""
_GONE = "The account has no such PBX any more. Nothing was changed."


def _change_logins(job: Job) -> StepReport:
    before, after, pbx_id = job.facts["group_name"], job.params["group_name"], job.params["pbx"]
    zone = ZoneInfo(job.services.settings.time_zone)
    try:
        with writing(job.services.engine) as connection:
            changed = pbxs.rename_group(connection, job.account, pbx_id, before=before, after=after)
            kept = items_of_step(connection, job.run_id, job.step)
            items: list[tuple[str, str]] = list(changed)
            if not kept:
                # Whoever is told later, after a failure, is told this moment.
                items.insert(0, (_WHEN, f"{datetime.now(zone):%-d %B %Y, %H:%M} ({zone.key})"))
            # In the same transaction: after a kill nothing else knows the old logins.
            keep_items(connection, job.run_id, job.step, items)
    except pbxs.PbxGone as gone:
        raise StepFailed(f"{_GONE} Abandon this.") from gone
    except pbxs.GroupNameTaken as taken:
        raise StepFailed(
            f"The group name “{after}”, or a login it would give, was taken meanwhile. No login was changed. "
            "Abandon this and choose another name."
        ) from taken
    except accounts.Conflict as conflict:
        raise StepFailed(
            f"The group name is “{conflict.current}” by now. It was not overwritten and no login was changed. "
            "Abandon this and start again from the present name."
        ) from conflict
    with job.services.engine.connect() as connection:
        wrong = [
            one.login for one in pbxs.list_extensions(connection, pbx_id) if one.login != login_of(one.extension, after)
        ]
        count = len(_changes(items_of_step(connection, job.run_id, job.step)))
    if wrong:
        raise StepFailed(f"{counted(len(wrong), 'login')} did not become one of “{after}”. Resume to look again.")
    return StepReport(
        outcome="done",
        text=f"The group name and {counted(count, 'login')} changed, read back.",
        count=count,
        before=before,
        after=after,
    )


def _mail(job: Job) -> StepReport:
    """One e-mail a recipient. Who was mailed by an earlier attempt is not mailed again."""
    facts = job.facts
    with job.services.engine.connect() as connection:
        kept = items_of_step(connection, job.run_id, "logins")
        users = pbxs.list_extensions(connection, job.params["pbx"])
    old = {after: before for before, after in _changes(kept)}
    # Several extensions may share a mailbox, which then gets one e-mail with all of them.
    letters: dict[str, tuple[str, list[tuple[str, str, str]]]] = {}
    for user in users:
        if user.email and user.login in old:
            _, logins = letters.setdefault(user.email.casefold(), (user.email, []))
            logins.append((user.extension, old[user.login], user.login))
    refused: list[str] = []
    in_a_row = 0
    for position, (mailbox, (recipient, logins)) in enumerate(letters.items(), start=1):
        values = {
            "account_number": job.account,
            "pbx_name": facts["pbx"],
            "when": dict(kept)[_WHEN],
            "logins": logins,
        }
        own = replace(job, key=f"{job.key}:{mailbox}")
        try:
            send_mail(own, EmailKind.PBX_LOGIN_CHANGE, recipient, values)
        except (Rejected, Busy) as error:
            refused.append(recipient)
            job.itemise([(recipient, "not accepted by the mail server")])
            in_a_row += 1
            if in_a_row == IN_A_ROW:
                raise StepFailed(f"{_some(refused)} The others were not tried. {error}") from error
        else:
            in_a_row = 0
            job.itemise([(recipient, "accepted by the mail server")])
        job.tell(position, len(letters))
    if refused:
        raise StepFailed(f"{_some(refused)} Everybody else was mailed. Resume tries only these again.")
    if not letters:
        return StepReport(outcome="nothing", text="No extension has an e-mail address.", count=0)
    return StepReport(
        outcome="done", text=f"The mail server took {counted(len(letters), 'e-mail')}.", count=len(letters)
    )


def _changes(kept: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(before, after) for before, after in kept if before != _WHEN]


def _some(recipients: list[str]) -> str:
    shown = ", ".join(recipients[:IN_A_ROW]) + (" and others" if len(recipients) > IN_A_ROW else "")
    return f"The mail server did not take {len(recipients)} of the e-mails: {shown}."


class RenamePbx(Action[Any]):
    """`params`: `pbx` (its id), `group_name` as typed, `base`: the group name the person saw."""

    kind = "rename_pbx"
    verb = "Update name"
    permission = Permission.PBX_RENAME
    hard = True
    steps = (
        Step("logins", "Change the group name and every login", _change_logins),
        Step("mails", "Tell each person by e-mail", _mail),
    )

    def draft(self, services: Services, account: str, params: Mapping[str, Any], actor: Identity) -> Draft:
        """See `Action.draft`. Blocks on a name that cannot be used or is taken, and on a changed base."""
        with services.engine.connect() as connection:
            current = accounts.get_account(connection, account)
            try:
                pbx = pbxs.get_pbx(connection, account, int(params["pbx"]))
            except pbxs.PbxGone:
                return Draft(title=f"Group name of a PBX of {current.title}", blockers=(_GONE,))
            title = f"Group name of PBX {pbx.name}, {current.title}"
            try:
                name = check_group_name(str(params.get("group_name") or ""))
            except InvalidGroupName as invalid:
                return Draft(title=title, blockers=invalid.problems)
            users = pbxs.list_extensions(connection, pbx.id)
            holder = pbxs.holder_of(connection, name)
            taken = pbxs.taken_logins(connection, pbx.id, [login_of(one.extension, name) for one in users])
        blockers = _blockers(current, pbx, name, params.get("base"), holder, taken)
        return Draft(
            title=title,
            effects=_effects(pbx, name, users),
            warnings=_warnings(users),
            blockers=tuple(blockers),
            untouched=("The name of the PBX, numbers, queues, callflows, passwords and billing.",),
            details=(_detail(name, users),),
            steps=("logins", "mails"),
            facts={"pbx": pbx.name, "group_name": pbx.group_name, "extensions": len(users), "of": _digest(users)},
        )

    def normalise(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """See `Action.normalise`: the group name without blanks around it."""
        return {**params, "group_name": str(params.get("group_name") or "").strip()}


def _blockers(
    current: Account, pbx: Pbx, name: str, base: str | None, holder: tuple[str, str] | None, taken: list[str]
) -> list[str]:
    blockers = []
    if AccountStatus.DEACTIVATED in (current.status, current.changing_to):
        blockers.append(f"The account is {current.standing}; its PBXs stay as they are.")
    if base not in (None, pbx.group_name):
        blockers.append(
            f"Somebody changed the group name from “{base}” to “{pbx.group_name}” meanwhile. "
            "Look at the new name and start again if yours is still right."
        )
    if name == pbx.group_name:
        blockers.append(f"The group name is “{name}” already.")
    elif holder is not None:
        blockers.append(f"The group name “{name}” is taken by the PBX {holder[1]} of account {holder[0]}.")
    elif taken:
        blockers.append(f"Another PBX has {len(taken)} of the new logins, such as {taken[0]}. Choose another name.")
    return blockers


def _effects(pbx: Pbx, name: str, users: list[Extension]) -> tuple[Effect, ...]:
    people = {one.email.casefold() for one in users if one.email}
    effects = [Effect(system="Hub", text="Group name", before=pbx.group_name, after=name)]
    if users:
        first = users[0]
        effects.append(
            Effect(
                system="Hub",
                text=f"{counted(len(users), 'extension login')}, each like",
                before=first.login,
                after=login_of(first.extension, name),
            )
        )
    if people:
        effects.append(Effect(system="E-mail", text=f"{counted(len(people), 'recipient')} told of the new login"))
    return tuple(effects)


def _warnings(users: list[Extension]) -> tuple[str, ...]:
    warnings = [
        "Every phone and app of this PBX loses its sign-in and has to be signed in again with the new login.",
        "A device that goes on trying the old login gets the internet address of the whole office banned. "
        "Agree on a time with the customer first.",
    ]
    unmailed = [one.extension for one in users if not one.email]
    if unmailed:
        shown = ", ".join(unmailed[:10]) + (" and others" if len(unmailed) > 10 else "")
        warnings.append(f"{counted(len(unmailed), 'extension')} without an e-mail address, told by nobody: {shown}.")
    return tuple(warnings)


def _detail(name: str, users: list[Extension]) -> Detail:
    return Detail(
        title="Logins",
        columns=("Extension", "Name", "Login now", "New login", "E-mail to"),
        rows=tuple(
            (one.extension, one.name, one.login, login_of(one.extension, name), one.email or "nobody") for one in users
        ),
    )


def _digest(users: list[Extension]) -> str:
    """Equal as long as nobody added, removed or changed an extension: 5,000 of them are too many to keep as facts."""
    canonical = json.dumps([(one.extension, one.login, one.email) for one in users])
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
