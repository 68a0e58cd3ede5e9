"""A subscription with its rate plans and charges, with our names."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, field_validator

from lib.clients.zuora.models import Day, Model, Number, Ref, Text


class SubscriptionStatus(StrEnum):
    """The state of a subscription, which Zuora writes with or without a space, with one L or two."""

    DRAFT = "Draft"
    PENDING_ACTIVATION = "Pending Activation"
    PENDING_ACCEPTANCE = "Pending Acceptance"
    ACTIVE = "Active"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"
    SUSPENDED = "Suspended"


_STATUSES = {status.replace(" ", "").lower(): status for status in SubscriptionStatus}
_STATUSES["canceled"] = SubscriptionStatus.CANCELLED


class ZuoraSegment(Model):
    """A charge from one day to another. The day on which it ends is the first of the next segment."""

    quantity: Number = None
    included_units: Number = None
    starts: Day = None
    ends: Day = None

    @classmethod
    def from_wire(cls, body: Mapping[str, Any]) -> Self:
        """From an item of `chargeSegments`.

        Raises:
            ValueError, TypeError, LookupError: it is not a segment.
        """
        return cls(
            quantity=body.get("quantity"),
            included_units=body.get("includedUnits"),
            starts=body.get("effectiveStartDate"),
            ends=body.get("effectiveEndDate"),
        )


class ZuoraCharge(Model):
    """One charge of a rate plan. Fields that do not apply have no value: a flat fee has no `included_units`.

    `segments` are all its segments, where they were asked for. Quantity and dates are those of one of them.
    """

    id: str = Field(min_length=1)
    number: Ref = None
    name: Text = ""
    quantity: Number = None
    included_units: Number = None
    starts: Day = None
    ends: Day = None
    charged_through: Day = None
    product_rate_plan_charge_id: Ref = None
    product_rate_plan_charge_number: Ref = None
    segments: tuple[ZuoraSegment, ...] = ()

    @classmethod
    def from_wire(cls, body: Mapping[str, Any]) -> Self:
        """From an item of `ratePlanCharges`.

        Raises:
            ValueError, TypeError, LookupError: it is not a charge.
        """
        return cls(
            id=body["id"],
            number=body.get("number"),
            name=body.get("name") or "",
            quantity=body.get("quantity"),
            included_units=body.get("includedUnits"),
            starts=body.get("effectiveStartDate"),
            ends=body.get("effectiveEndDate"),
            charged_through=body.get("chargedThroughDate"),
            product_rate_plan_charge_id=body.get("productRatePlanChargeId"),
            product_rate_plan_charge_number=body.get("productRatePlanChargeNumber"),
            segments=tuple(ZuoraSegment.from_wire(segment) for segment in body.get("chargeSegments") or ()),
        )


class ZuoraRatePlan(Model):
    """One rate plan of a subscription and all its charges."""

    id: str = Field(min_length=1)
    product_name: Text = ""
    charges: tuple[ZuoraCharge, ...] = ()

    @classmethod
    def from_wire(cls, body: Mapping[str, Any]) -> Self:
        """From an item of `ratePlans`.

        Raises:
            ValueError, TypeError, LookupError: it is not a rate plan.
        """
        return cls(
            id=body["id"],
            product_name=body.get("productName") or "",
            charges=tuple(ZuoraCharge.from_wire(charge) for charge in body.get("ratePlanCharges") or ()),
        )


class ZuoraSubscription(Model):
    """The latest version of a subscription, with the segments of its charges that are in force today.

    `invoice_owner_…` is the account that gets and pays its invoices, often a parent of the account that owns it.
    """

    id: str = Field(min_length=1)
    number: str = Field(min_length=1)
    status: SubscriptionStatus
    account_id: Ref = None
    account_number: Ref = None
    invoice_owner_id: Ref = None
    invoice_owner_number: Ref = None
    invoice_owner_name: Ref = Field(default=None, repr=False)
    version: int | None = None
    term_type: Ref = None
    contract_effective: Day = None
    starts: Day = None
    ends: Day = None
    term_starts: Day = None
    term_ends: Day = None
    auto_renews: bool | None = None
    scheduled_cancel: Day = None
    scheduled_suspend: Day = None
    rate_plans: tuple[ZuoraRatePlan, ...] = ()

    @property
    def is_cancelled(self) -> bool:
        """True when it is cancelled, even for a later day: its service goes on until `ends_on`."""
        return self.status is SubscriptionStatus.CANCELLED

    @property
    def will_end(self) -> bool:
        """True when it is cancelled for any day, or scheduled to be."""
        return self.is_cancelled or self.scheduled_cancel is not None

    @property
    def ends_on(self) -> date | None:
        """The day on which it ends for good. None when it goes on, or when Zuora does not say when.

        The day before is the last with service and charges: Zuora ends a subscription at the start of its end date.
        The end of a term that renews itself does not count.
        """
        if self.is_cancelled:
            return self.ends or self.term_ends
        days = [self.scheduled_cancel]
        if self.auto_renews is False and self.term_type != "EVERGREEN":
            days.append(self.ends or self.term_ends)
        return min((day for day in days if day is not None), default=None)

    def is_over(self, today: date) -> bool:
        """True when it grants and bills nothing on this day, whatever its status says.

        A cancelled one goes on until its last day. When Zuora gives no day, it is over.
        """
        ended = self.ends_on is not None and self.ends_on <= today
        wordless = self.is_cancelled and self.ends_on is None
        return ended or wordless or self.status is SubscriptionStatus.EXPIRED

    @property
    def payer_number(self) -> str | None:
        """The number of the account that gets its invoices. An order about it must name this account."""
        return self.invoice_owner_number or self.account_number

    @property
    def paid_by_another(self) -> bool:
        """True when an account other than its own gets its invoices."""
        return self.invoice_owner_id is not None and self.invoice_owner_id != self.account_id

    @field_validator("status", mode="before")
    @classmethod
    def _one_spelling(cls, value: object) -> object:
        return _STATUSES.get("".join(value.split()).lower(), value) if isinstance(value, str) else value

    @classmethod
    def from_wire(cls, body: Mapping[str, Any]) -> Self:
        """From `GET /v1/subscriptions/{key}`, or an item of an account's list.

        Raises:
            ValueError, TypeError, LookupError: something that a subscription must have is missing.
        """
        return cls(
            id=body["id"],
            number=body["subscriptionNumber"],
            status=body["status"],
            account_id=body.get("accountId"),
            account_number=body.get("accountNumber"),
            invoice_owner_id=body.get("invoiceOwnerAccountId"),
            invoice_owner_number=body.get("invoiceOwnerAccountNumber"),
            invoice_owner_name=body.get("invoiceOwnerAccountName"),
            version=body.get("version"),
            term_type=body.get("termType"),
            contract_effective=body.get("contractEffectiveDate"),
            starts=body.get("subscriptionStartDate"),
            ends=body.get("subscriptionEndDate"),
            term_starts=body.get("termStartDate"),
            term_ends=body.get("termEndDate"),
            auto_renews=body.get("autoRenew"),
            scheduled_cancel=body.get("scheduledCancelDate"),
            scheduled_suspend=body.get("scheduledSuspendDate"),
            rate_plans=tuple(ZuoraRatePlan.from_wire(plan) for plan in body.get("ratePlans") or ()),
        )
