"""What can be loaded into the stand-in: accounts with their contacts, subscriptions and invoices."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Money = Decimal | str


@dataclass(frozen=True, kw_only=True)
class ContactRecord:
    """A bill-to or sold-to contact. `id` is 32 hexadecimal digits."""

    id: str
    first_name: str
    last_name: str
    work_email: str = ""
    personal_email: str = ""
    work_phone: str = ""
    mobile_phone: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country: str = ""
    county: str = ""
    home_phone: str = ""
    other_phone: str = ""
    other_phone_type: str = ""
    fax: str = ""
    nickname: str = ""
    tax_region: str = ""
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class ZuoraRecord:
    """An account. `id` is 32 hexadecimal digits, `status` Active, Draft or Canceled.

    With the same contact id, bill-to and sold-to are one shared contact: changing one changes both.
    """

    id: str
    account_number: str
    name: str
    bill_to: ContactRecord
    sold_to: ContactRecord
    status: str = "Active"
    parent_id: str | None = None
    currency: str = "AUD"
    balance: Money = "0"
    notes: str = ""
    communication_profile_id: str | None = None
    bill_cycle_day: int = 1
    payment_term: str = "Net 30"
    additional_email_addresses: tuple[str, ...] = ()
    profile_number: str | None = None
    crm_id: str = ""
    sales_rep: str = ""
    batch: str = "Batch1"
    auto_pay: bool = False
    purchase_order_number: str = ""
    invoice_delivery_prefs_email: bool = True
    invoice_delivery_prefs_print: bool = False


@dataclass(frozen=True, kw_only=True)
class RatePlanChargeRecord:
    """One segment of a charge. A changed charge has several, with the same `number`.

    `type` is OneTime, Recurring or Usage; `model` FlatFee, PerUnit, Overage, Volume and so on. A flat fee has quantity
    1 and no unit, usage has included units and no quantity.
    """

    id: str
    number: str
    name: str
    product_rate_plan_charge_id: str
    product_rate_plan_charge_number: str
    effective_start_date: date
    effective_end_date: date | None
    type: str = "Recurring"
    model: str = "PerUnit"
    uom: str | None = "Each"
    quantity: Money | None = "1"
    price: Money | None = "0"
    included_units: Money | None = None
    overage_price: Money | None = None
    billing_period: str | None = "Month"
    billing_timing: str | None = "IN_ADVANCE"
    charged_through_date: date | None = None
    processed_through_date: date | None = None
    segment: int = 1
    version: int = 1
    description: str = ""
    done: bool = False


@dataclass(frozen=True, kw_only=True)
class RatePlanRecord:
    """A rate plan of a subscription with its charges."""

    id: str
    name: str
    product_name: str
    product_id: str
    product_rate_plan_id: str
    product_rate_plan_number: str
    subscription_rate_plan_number: str
    product_sku: str = "SKU-00000001"
    charges: tuple[RatePlanChargeRecord, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SubscriptionRecord:
    """The latest version of a subscription. `status` is spelt with spaces, as in Pending Activation.

    `invoice_owner_id` is the account that pays for it, None for its owner. A cancelled one ends on its
    `subscription_end_date`, which may be a later day. `updated_at` is when it was last changed, an ISO time with
    offset, None for the moment of loading. An evergreen one (`term_type` EVERGREEN) has neither a `term_end_date` nor
    a `subscription_end_date`.
    """

    id: str
    number: str
    account_id: str
    invoice_owner_id: str | None = None
    term_start_date: date
    term_end_date: date | None
    contract_effective_date: date | None = None
    subscription_start_date: date | None = None
    subscription_end_date: date | None = None
    status: str = "Active"
    version: int = 1
    term_type: str = "TERMED"
    initial_term: int = 12
    current_term: int = 12
    renewal_term: int = 12
    term_period_type: str = "Month"
    auto_renew: bool = True
    renewal_setting: str = "RENEW_WITH_SPECIFIC_TERM"
    currency: str = "AUD"
    notes: str = ""
    cancel_reason: str | None = None
    scheduled_cancel_date: date | None = None
    scheduled_suspend_date: date | None = None
    scheduled_resume_date: date | None = None
    rate_plans: tuple[RatePlanRecord, ...] = ()
    updated_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class InvoiceRecord:
    """An invoice. `status` is Draft, Posted, Canceled, Error or Reversed; `balance` is what is left to pay."""

    id: str
    number: str
    account_id: str
    amount: Money
    balance: Money
    invoice_date: date
    due_date: date
    status: str = "Posted"
    currency: str = "AUD"
    payment_term: str = "Net 30"
