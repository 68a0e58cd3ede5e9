"""Where the Hub and the outside systems disagree about an account.

Each field has one owner of the truth. A system that could not be read is left out: unknown is never "equal".
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
    """What Zuora says, in the Hub's terms. `parent` None: none. One the Hub does not know goes by its Zuora number."""

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
    """The disagreements, in the order they matter. Nothing when Zuora could not be read or has no such account."""
    if zuora is None:
        return []
    found: list[Difference] = []
    if zuora.cancelled and hub.status is not AccountStatus.DEACTIVATED:
        found.append(
            Difference(
                field="status",
                hub=hub.status.value,
                zuora="cancelled",
                advice="Zuora sends no invoices and takes no payments for it. Ask billing before anything else.",
            )
        )
    if hub.name != zuora.name:
        found.append(
            Difference(
                field="name",
                hub=hub.name,
                zuora=zuora.name,
                advice="Invoices carry Zuora's name. Edit the account to give both the right one.",
            )
        )
    if hub.parent != zuora.parent:
        found.append(
            Difference(
                field="parent",
                hub=hub.parent or "none",
                zuora=zuora.parent or "none",
                advice="Add or remove the parent to bring both to the same family.",
            )
        )
    return found
