"""What Zuora's replies become: frozen values under the names the Hub uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator


class ZuoraStatus(StrEnum):
    """The state of an account in Zuora, which spells it with one L here and with two for subscriptions."""

    ACTIVE = "Active"
    CANCELED = "Canceled"
    DRAFT = "Draft"


@dataclass(frozen=True)
class Written:
    """Zuora took a change; the ids are what its support asks for."""

    request_id: str | None
    track_id: str | None


class ZuoraAccount(BaseModel):
    """One account as Zuora has it. `balance` is None where the reply carried none."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(min_length=1)
    number: str = Field(min_length=1)
    name: str
    status: ZuoraStatus
    parent_id: str | None = None
    balance: Decimal | None = Field(default=None, allow_inf_nan=False)
    currency: str | None = None
    bill_to_id: str | None = None
    sold_to_id: str | None = None

    @field_validator("status", mode="before")
    @classmethod
    def _one_spelling(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        word = value.strip().capitalize()
        return "Canceled" if word == "Cancelled" else word

    @field_validator("parent_id", "bill_to_id", "sold_to_id", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("balance", mode="before")
    @classmethod
    def _no_flag(cls, value: object) -> object:
        if isinstance(value, bool):
            raise ValueError("a balance is a number")  # noqa: TRY004 (pydantic collects ValueError)
        return value

    @classmethod
    def from_account(cls, body: Mapping[str, Any]) -> Self:
        """From `GET /v1/accounts/{key}`.

        Raises:
            ValueError, TypeError, LookupError: it lacks what an account must have.
        """
        basic = body["basicInfo"]
        return cls(
            id=basic["id"],
            number=basic["accountNumber"],
            name=basic["name"],
            status=basic["status"],
            # In the schema but not in the published sample, so missing and null both mean: no parent.
            parent_id=basic.get("parentId"),
            balance=(body.get("metrics") or {}).get("balance"),
            currency=(body.get("billingAndPayment") or {}).get("currency"),
            bill_to_id=(body.get("billToContact") or {}).get("id"),
            sold_to_id=(body.get("soldToContact") or {}).get("id"),
        )

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """From a row of an object query, which leaves null fields out.

        Raises:
            ValueError, TypeError, LookupError: it lacks what an account must have.
        """
        return cls(
            id=row["id"],
            number=row["accountNumber"],
            name=row["name"],
            status=row["status"],
            parent_id=row.get("parentId"),
            balance=row.get("balance"),
            currency=row.get("currency"),
            bill_to_id=row.get("billToId"),
            sold_to_id=row.get("soldToId"),
        )
