"""Zuora's replies about accounts as frozen values, with our names.

Zuora leaves a field out, sends null or sends an empty text and means the same, so we read all three alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator


class ZuoraStatus(StrEnum):
    """The state of an account in Zuora, which writes "Canceled" here and "Cancelled" for subscriptions."""

    ACTIVE = "Active"
    CANCELED = "Canceled"
    DRAFT = "Draft"


@dataclass(frozen=True)
class Written:
    """Zuora accepted a change. Its support asks for these ids."""

    request_id: str | None
    track_id: str | None


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a flag is not a number")  # noqa: TRY004 (pydantic collects ValueError)
    return None if value == "" else value


def _day(value: object) -> object:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        # pydantic would read a number as seconds since 1970.
        raise ValueError("a date is a text")  # noqa: TRY004
    # Some fields have a time after the date.
    return value[:10]


def _some_text(value: object) -> object:
    return "" if value is None else value


def _text_or_none(value: object) -> object:
    return None if value == "" else value


Number = Annotated[Annotated[Decimal, Field(allow_inf_nan=False)] | None, BeforeValidator(_number)]
"""A number that may be missing, exact."""
Day = Annotated[date | None, BeforeValidator(_day)]
"""A date that may be missing."""
Text = Annotated[str, BeforeValidator(_some_text)]
"""A text. A missing one is empty."""
Ref = Annotated[str | None, BeforeValidator(_text_or_none)]
"""An id, number or word that may be missing. An empty one is missing."""
Private = Annotated[Text, Field(repr=False)]
"""A text about a person. It is not shown when the value is printed."""


class Model(BaseModel):
    """The base of all values: frozen, unknown fields are ignored, errors never quote a reply."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class ZuoraContact(Model):
    """A bill-to or sold-to contact. A field without a value is the empty text."""

    id: str = Field(min_length=1)
    first_name: Private = ""
    last_name: Private = ""
    work_email: Private = ""
    personal_email: Private = ""
    work_phone: Private = ""
    mobile_phone: Private = ""
    home_phone: Private = ""
    fax: Private = ""
    address1: Private = ""
    address2: Private = ""
    city: Private = ""
    county: Private = ""
    state: Private = ""
    postcode: Private = ""
    country: Private = ""

    @classmethod
    def from_wire(cls, body: Mapping[str, Any]) -> Self:
        """From any resource: some have the postcode as `zipCode`, others as `postalCode`, a few as both.

        Raises:
            ValueError, TypeError, LookupError: it is not a contact.
        """
        found = {ours: body.get(wire) for ours, wire in CONTACT_WIRE.items()}
        found["postcode"] = body.get("zipCode") or body.get("postalCode")
        return cls(id=body["id"], **found)


CONTACT_WIRE = {
    "first_name": "firstName",
    "last_name": "lastName",
    "work_email": "workEmail",
    "personal_email": "personalEmail",
    "work_phone": "workPhone",
    "mobile_phone": "mobilePhone",
    "home_phone": "homePhone",
    "fax": "fax",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "county": "county",
    "state": "state",
    "postcode": "zipCode",
    "country": "country",
}
"""The name of each field in `/v1/contacts`, by our name."""


class ZuoraAccount(Model):
    """One account as Zuora has it. A reply may have no `balance`.

    Only `Zuora.account` gives `bill_to` and `sold_to`; lists of accounts do not.
    """

    id: str = Field(min_length=1)
    number: str = Field(min_length=1)
    name: str
    status: ZuoraStatus
    parent_id: Ref = None
    balance: Number = None
    currency: str | None = None
    bill_to_id: Ref = None
    sold_to_id: Ref = None
    bill_to: ZuoraContact | None = Field(default=None, repr=False)
    sold_to: ZuoraContact | None = Field(default=None, repr=False)
    additional_emails: tuple[str, ...] = Field(default=(), repr=False)

    @property
    def shared_contact(self) -> bool:
        """True when bill-to and sold-to are the same record: changing one changes both."""
        return self.bill_to_id is not None and self.bill_to_id == self.sold_to_id

    @field_validator("status", mode="before")
    @classmethod
    def _one_spelling(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        word = value.strip().capitalize()
        return "Canceled" if word == "Cancelled" else word

    @field_validator("additional_emails", mode="before")
    @classmethod
    def _list_or_text(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value or ()
        if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
            raise ValueError("neither a list of addresses nor a text")
        return tuple(part.strip() for part in parts if part.strip())

    @classmethod
    def from_account(cls, body: Mapping[str, Any]) -> Self:
        """From `GET /v1/accounts/{key}`.

        Raises:
            ValueError, TypeError, LookupError: something that an account must have is missing.
        """
        basic = body["basicInfo"]
        billing = body.get("billingAndPayment") or {}
        bill_to, sold_to = (_contact(body.get(name)) for name in ("billToContact", "soldToContact"))
        return cls(
            id=basic["id"],
            number=basic["accountNumber"],
            name=basic["name"],
            status=basic["status"],
            # It is in the schema but not in the published sample, so missing and null both mean: no parent.
            parent_id=basic.get("parentId"),
            balance=(body.get("metrics") or {}).get("balance"),
            currency=billing.get("currency"),
            bill_to_id=bill_to.id if bill_to else None,
            sold_to_id=sold_to.id if sold_to else None,
            bill_to=bill_to,
            sold_to=sold_to,
            additional_emails=billing.get("additionalEmailAddresses") or (),
        )

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """From a row of an object query, which leaves null fields out.

        Raises:
            ValueError, TypeError, LookupError: something that an account must have is missing.
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
            additional_emails=row.get("additionalEmailAddresses") or (),
        )


def _contact(body: Mapping[str, Any] | None) -> ZuoraContact | None:
    return ZuoraContact.from_wire(body) if body and body.get("id") else None
