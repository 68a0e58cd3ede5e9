"""Whether emergency calls stay possible once an account's calls end, and how a plan says so.

Only what the SBC says is promised: they may be switched off there, and the numbers are those of its region.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.clients.errors import RemoteError
from lib.services import Services

FACT = "emergency_calls"
"""The name among a plan's facts."""


@dataclass(frozen=True)
class EmergencyCalls:
    """The numbers that the SBC connects whatever the rules are: empty when that is off, None when it is not known."""

    numbers: tuple[str, ...] | None

    @property
    def named(self) -> str:
        """ "000, 106 and 112"; empty when none is known to connect."""
        *first, last = self.numbers or ("",)
        return f"{', '.join(first)} and {last}" if first else last

    @property
    def connects(self) -> str:
        """What still connects when a number has no rule, for the end of a sentence."""
        if self.numbers is None:
            return "no ordinary call connects"
        return "no call but an emergency call connects" if self.numbers else "no call connects"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the person must know before they confirm, in sentences."""
        if self.numbers is None:
            return (
                "Whether emergency calls stay possible is not known: the SBC did not say. Ask whoever runs it before "
                "you continue.",
            )
        if not self.numbers:
            return ("Emergency calls will not connect either: they are switched off on the SBC.",)
        return ()


NOT_KNOWN = EmergencyCalls(None)


def read_emergency_calls(services: Services) -> EmergencyCalls:
    """Ask the SBC once, for at most `AM_SBC_PAGE_SECONDS`. Without an answer it is not known."""
    try:
        return EmergencyCalls(services.sbc.health(quick_seconds=services.settings.sbc_page_seconds).emergency)
    except RemoteError:
        return NOT_KNOWN


def of_facts(facts: Mapping[str, Any]) -> EmergencyCalls:
    """What the plan with these facts said; not known when it said nothing."""
    numbers = facts.get(FACT)
    return EmergencyCalls(None if numbers is None else tuple(numbers))
