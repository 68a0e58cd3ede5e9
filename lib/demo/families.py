"""The special accounts of the demo, and which account is below which."""

from dataclasses import dataclass, replace
from typing import Any

COUNT = 200


@dataclass(frozen=True)
class Seat:
    """An account before it has a number. Here accounts are named by their position."""

    role: str | None = None
    parent: int | None = None
    name: str | None = None
    status: str = "active"
    zuora_parent: int | None = None
    zuora_name: str | None = None
    zuora_status: str = "Active"
    balance: str = "0"
    currency: str = "AUD"
    linked: bool = True
    in_zuora: bool = True
    pinned: str | None = None


_LONG_NAME = (
    "The Trustee for the Greater Western Districts Agricultural Machinery, Irrigation Equipment, Livestock "
    "Transport, Grain Storage and Rural Merchandise Unit Trust trading as Greater Western Rural and Regional "
    "Supplies of Dubbo, Mudgee, Orange and Parkes West"
)
_SPECIAL = (
    Seat("suspended", status="suspended", balance="1284.60", pinned="Owner asked to be called before 10:00."),
    Seat(status="suspended", balance="310.20"),
    Seat("overdue", balance="742.35", pinned="Payment plan agreed: three parts, the last on 12 March."),
    Seat("deactivated", status="deactivated"),
    Seat("no_numbers"),
    Seat("five_thousand", name="Southern Cross Health Network"),
    Seat("same_contact"),
    Seat("markup", name="<b>Bold & Sons</b>"),
    Seat("long_name", name=_LONG_NAME),
    Seat("apostrophe", name="D'Élan & O'Brien Pâtisserie"),
    Seat("name_differs", name="Harbourside Joinery", zuora_name="Harbourside Joinery & Cabinets Pty Ltd"),
    Seat(name="Kookaburra Freight", zuora_name="Kookaburra Frieght"),
    Seat("zuora_cancelled", zuora_status="Canceled"),
    Seat("zuora_missing", in_zuora=False),
    Seat("not_linked", linked=False),
)
# These were ordinary ones, so that what is random for the others stays as it was.
_BILLED_SPECIALLY: dict[int, dict[str, Any]] = {
    38: {"role": "draft_and_suspended"},
    39: {"role": "ends_later"},
    40: {"role": "evergreen"},
    41: {"role": "dollars", "currency": "USD", "balance": "96.50"},
    60: {"role": "payer", "balance": "312.00"},
    61: {"role": "paid_for"},
}
"""Accounts with special billing: 61 is a child of 60, which pays for it."""


def seats() -> list[Seat]:
    """Every account of the world, those with a role first."""
    found = [Seat("parent", name="Coastal Care Group")]
    found += [Seat("child" if position == 0 else None, parent=0) for position in range(12)]
    found.append(Seat("deep_root", name="Meridian Holdings"))
    found += [Seat("deep_leaf" if level == 4 else None, parent=len(found) - 1 + level - 1) for level in range(1, 5)]
    found += _SPECIAL
    # In the Hub it is below one holding, in Zuora below another.
    holding = len(found)
    found += [
        Seat("allowance_differs"),
        Seat("unmapped_charge"),
        Seat("parent_differs", parent=holding, zuora_parent=holding + 1),
        Seat("rules_wrong"),
    ]
    found += [Seat() for _ in range(COUNT - len(found))]
    for first in range(60, 150, 9):
        for child in range(first + 1, first + 2 + first % 4):
            found[child] = replace(found[child], parent=first)
    for position, special in _BILLED_SPECIALLY.items():
        found[position] = replace(found[position], **special)
    return found
