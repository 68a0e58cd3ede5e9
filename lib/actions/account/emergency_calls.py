"""Whether emergency calls stay possible once an account's calls end, as the SBC itself says, and how a plan tells it.

Nothing is promised that the SBC did not say: they may be switched off there, and the numbers are those of its region.
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
    """The numbers that the SBC connects whatever the rules are: none where that is off, None where it is not known."""

    numbers: tuple[str, ...] | None

    @property
    def named(self) -> str:
        """ "000, 106 and 112"; empty when none is known to connect."""
        *first, last = self.numbers or ("",)
        return f"{', '.join(first)} and {last}" if first else last

    @property
    def connects(self) -> str:
        """What still connects where a number has no rule, for the end of a sentence."""
        if self.numbers is None:
            return "no ordinary call connects"
        return "no call but an emergency call connects" if self.numbers else "no call connects"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What whoever confirms has to know, in sentences."""
        if self.numbers is None:
            return (
                "Whether emergency calls stay possible is not known: the SBC did not say. Ask whoever runs it before "
                "you go on.",
            )
        if not self.numbers:
            return ("Emergency calls do not stay possible: they are switched off on the SBC and go by the rules.",)
        return ()

    @property
    def fact(self) -> list[str] | None:
        """For the facts of a plan; `of_facts` reads it."""
        return None if self.numbers is None else list(self.numbers)


NOT_KNOWN = EmergencyCalls(None)


def read_emergency_calls(services: Services) -> EmergencyCalls:
    """Ask the SBC, for somebody who waits: once, for at most `AM_SBC_PAGE_SECONDS`. No answer counts as not known."""
    try:
        return EmergencyCalls(services.sbc.health(quick_seconds=services.settings.sbc_page_seconds).emergency)
    except RemoteError:
        return NOT_KNOWN


def of_facts(facts: Mapping[str, Any]) -> EmergencyCalls:
    """What the plan with these facts said; not known where it said nothing."""
    told = facts.get(FACT)
    return EmergencyCalls(None if told is None else tuple(told))
