"""What a person chooses when they deactivate an account, above all what happens to its subscriptions in Zuora."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from lib.clients.zuora import CancelPolicy

LEAVE, AT_END_OF_INVOICED, ON_DATE = "leave", "invoice_period", "date"
CHOICES = {
    LEAVE: "Leave the subscriptions; billing closes them by hand",
    AT_END_OF_INVOICED: "Cancel them at the end of the invoice period",
    ON_DATE: "Cancel them on a date",
}
POLICIES = {AT_END_OF_INVOICED: CancelPolicy.END_OF_INVOICED, ON_DATE: CancelPolicy.ON_DATE}


@dataclass(frozen=True)
class Choices:
    """What the person chose, validated."""

    zuora: str = LEAVE
    cancel_on: date | None = None
    nuisance: bool = False
    keep_children: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "Choices":
        """From params as given. The default is the cautious choice.

        Raises:
            ValueError: an unknown choice, or a missing day. The text is a sentence.
        """
        zuora = str(params.get("zuora") or LEAVE)
        if zuora not in CHOICES:
            raise ValueError("Choose what happens to the subscriptions.")
        day: date | None = None
        if zuora == ON_DATE:
            try:
                day = date.fromisoformat(str(params.get("cancel_on") or ""))
            except ValueError:
                raise ValueError("Choose the day to cancel the subscriptions.") from None
        return cls(zuora, day, bool(params.get("nuisance")), bool(params.get("keep_children")))

    def params(self) -> dict[str, Any]:
        """As they are stored with the run."""
        return asdict(self) | {"cancel_on": self.cancel_on.isoformat() if self.cancel_on else None}
