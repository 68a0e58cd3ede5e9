"""A subscription with its rate plans and charges, under the names the Hub uses."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, field_validator

from lib.clients.zuora.models import Day, Model, Number, Ref, Text


class SubscriptionStatus(StrEnum):
    """The state of a subscription, which Zuora writes with or without its blank, with one L or two."""

    DRAFT = "Draft"
    PENDING_ACTIVATION = "Pending Activation"
    PENDING_ACCEPTANCE = "Pending Acceptance"
    ACTIVE = "Active"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"
    SUSPENDED = "Suspended"


_STATUSES = {status.replace(" ", "").lower(): status for status in SubscriptionStatus}
_STATUSES["canceled"] = SubscriptionStatus.CANCELLED


class ZuoraCharge(Model):
    """One charge of a rate plan. What does not apply to its `model` is None: a flat fee has no `uom`."""

    id: str = Field(min_length=1)
    number: Ref = None
    name: Text = ""
    type: Ref = None
    model: Ref = None
    uom: Ref = None
    quantity: Number = None
    included_units: Number = None
    price: Number = None
    overage_price: Number = None
    mrr: Number = None
    currency: Ref = None
    billing_period: Ref = None
    starts: Day = None
    ends: Day = None
    charged_through: Day = None
    product_rate_plan_charge_id: Ref = None
    product_rate_plan_charge_number: Ref = None

    @classmethod
    def from_wire(cls, body: Mapping[str, Any]) -> Self:
        """From an item of `ratePlanCharges`.

        Raises:
            ValueError, TypeError, LookupError: it is no charge.
        """
        return cls(
            id=body["id"],
            number=body.get("number"),
            name=body.get("name") or "",
            type=body.get("type"),
            model=body.get("model"),
            uom=body.get("uom"),
            quantity=body.get("quantity"),
            included_units=body.get("includedUnits"),
            price=body.get("price"),
            overage_price=body.get("overagePrice"),
            mrr=body.get("mrr"),
            currency=body.get("currency"),
            billing_period=body.get("billingPeriod"),
            starts=body.get("effectiveStartDate"),
            ends=body.get("effectiveEndDate"),
            charged_through=body.get("chargedThroughDate"),
            product_rate_plan_charge_id=body.get("productRatePlanChargeId"),
            product_rate_plan_charge_number=body.get("productRatePlanChargeNumber"),
        )


class ZuoraRatePlan(Model):
    """One rate plan of a subscription and all its charges."""

    id: str = Field(min_length=1)
    name: Text = ""
    product_id: Ref = None
    product_name: Text = ""
    product_sku: Ref = None
    product_rate_plan_id: Ref = None
    charges: tuple[ZuoraCharge, ...] = ()

    @classmethod
    def from_wire(cls, body: Mapping[str, Any]) -> Self:
        """From an item of `ratePlans`.

        Raises:
            ValueError, TypeError, LookupError: it is no rate plan.
        """
        return cls(
            id=body["id"],
            name=body.get("ratePlanName") or body.get("name") or "",
            product_id=body.get("productId"),
            product_name=body.get("productName") or "",
            product_sku=body.get("productSku"),
            product_rate_plan_id=body.get("productRatePlanId"),
            charges=tuple(ZuoraCharge.from_wire(charge) for charge in body.get("ratePlanCharges") or ()),
        )


class ZuoraSubscription(Model):
    """The latest version of a subscription."""

    id: str = Field(min_length=1)
    number: str = Field(min_length=1)
    status: SubscriptionStatus
    account_id: Ref = None
    account_number: Ref = None
    version: int | None = None
    term_type: Ref = None
    contract_effective: Day = None
    starts: Day = None
    ends: Day = None
    term_starts: Day = None
    term_ends: Day = None
    auto_renews: bool | None = None
    currency: Ref = None
    contracted_mrr: Number = None
    total_contracted_value: Number = None
    scheduled_cancel: Day = None
    cancel_reason: Ref = None
    rate_plans: tuple[ZuoraRatePlan, ...] = ()

    @property
    def is_cancelled(self) -> bool:
        """True when it has ended by cancellation."""
        return self.status is SubscriptionStatus.CANCELLED

    @property
    def will_end(self) -> bool:
        """True when it is cancelled or its cancellation on a later day is fixed."""
        return self.is_cancelled or self.scheduled_cancel is not None

    @field_validator("status", mode="before")
    @classmethod
    def _one_spelling(cls, value: object) -> object:
        return _STATUSES.get("".join(value.split()).lower(), value) if isinstance(value, str) else value

    @classmethod
    def from_wire(cls, body: Mapping[str, Any]) -> Self:
        """From `GET /v1/subscriptions/{key}`, or an item of an account's list.

        Raises:
            ValueError, TypeError, LookupError: it lacks what a subscription must have.
        """
        return cls(
            id=body["id"],
            number=body["subscriptionNumber"],
            status=body["status"],
            account_id=body.get("accountId"),
            account_number=body.get("accountNumber"),
            version=body.get("version"),
            term_type=body.get("termType"),
            contract_effective=body.get("contractEffectiveDate"),
            starts=body.get("subscriptionStartDate"),
            ends=body.get("subscriptionEndDate"),
            term_starts=body.get("termStartDate"),
            term_ends=body.get("termEndDate"),
            auto_renews=body.get("autoRenew"),
            currency=body.get("currency"),
            contracted_mrr=body.get("contractedMrr"),
            total_contracted_value=body.get("totalContractedValue"),
            scheduled_cancel=body.get("scheduledCancelDate"),
            cancel_reason=body.get("cancelReason"),
            rate_plans=tuple(ZuoraRatePlan.from_wire(plan) for plan in body.get("ratePlans") or ()),
        )
