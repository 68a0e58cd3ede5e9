"""Where the Hub and the outside systems disagree about an account.

A system that could not be read is left out: unknown is never "equal".
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from lib.domain.accounts import AccountStatus

Field = Literal["name", "parent", "status"]


class HubView(BaseModel):
    """What the Hub says. `parent` is an account number."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: AccountStatus
    parent: str | None


class ZuoraView(BaseModel):
    """What Zuora says, in the Hub's terms. A `parent` that the Hub does not have goes by its Zuora number."""

    model_config = ConfigDict(frozen=True)

    name: str
    cancelled: bool
    parent: str | None


class Difference(BaseModel):
    """One field on which two systems disagree, and what to do about it."""

    model_config = ConfigDict(frozen=True)

    field: Field
    hub: str
    zuora: str
    advice: str


def compare(hub: HubView, zuora: ZuoraView | None) -> list[Difference]:
    """The differences, most important first. Empty when Zuora could not be read or has no such account."""
    if zuora is None:
        return []
    found: list[Difference] = []
    if zuora.cancelled and hub.status is not AccountStatus.DEACTIVATED:
        found.append(
            Difference(
                field="status",
                hub=hub.status.value,
                zuora="cancelled",
                advice="Zuora sends no invoices and takes no payments for it. Ask billing first.",
            )
        )
    if hub.name != zuora.name:
        found.append(
            Difference(
                field="name",
                hub=hub.name,
                zuora=zuora.name,
                advice="Invoices show Zuora's name. Edit the account to give both the right name.",
            )
        )
    if hub.parent != zuora.parent:
        found.append(
            Difference(
                field="parent",
                hub=hub.parent or "none",
                zuora=zuora.parent or "none",
                advice="Add or remove the parent, so that both have the same family.",
            )
        )
    return found
