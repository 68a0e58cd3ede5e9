"""The words for kinds, people and days of the activity."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from lib.actions.catalogue import ACTIONS
from lib.actions.numbers import keeper
from lib.domain.activity import EXPORT, REFUSED, SENT_EMAIL, STATUS_CHANGE
from lib.ui.widgets.text import unlinked

_KINDS = {
    REFUSED: "Refused attempts",
    STATUS_CHANGE: "Changes of status",
    SENT_EMAIL: "E-mails",
    EXPORT: "Export",
    keeper.KIND: "Auth rules corrected automatically",
}


def kind_words(kind: str) -> str:
    """What this kind of entry is called; for a kind that this version does not know, its own name."""
    if kind in ACTIONS:
        return ACTIONS[kind].verb
    return _KINDS.get(kind) or unlinked(kind.replace("_", " ").capitalize())


def person_words(people: Mapping[str, str]) -> dict[str, str]:
    """E-mail address -> name, sorted by name. People with the same name also get their address."""
    named = {email: "The Account Manager itself" if email == keeper.ACTOR else name for email, name in people.items()}
    often = Counter(named.values())
    return {
        email: f"{name} ({email})" if often[name] > 1 and name != email else name
        for email, name in sorted(named.items(), key=lambda one: one[1].casefold())
    }


def day_words(day: date, zone: str) -> str:
    """`Today, 22 November` or `Friday, 20 November`, with the year if it is not this one."""
    today = datetime.now(ZoneInfo(zone)).date()
    name = {today: "Today", today - timedelta(days=1): "Yesterday"}.get(day, f"{day:%A}")
    return f"{name}, {day:%-d %B}" + ("" if day.year == today.year else f" {day.year}")
