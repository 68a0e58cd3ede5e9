"""The pages that are measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A page: its link in the sidebar, its address, a text that only it has, what it draws on a canvas."""

    name: str
    link: str
    path: str
    marker: str
    tables: int = 0
    charts: int = 0


DETAILS_SMALL = Target("account details, small account", "Account details", "account-details", "Phone users")
DETAILS_LARGE = Target("account details, 5,000 numbers", "Account details", "account-details", "Phone users")
EVERYTHING = Target("all accounts", "All accounts", "accounts", "Choose a row to open", tables=1)
SECTIONS = (
    Target("billing details", "Billing details", "billing-details", "Allowances of the account", charts=1),
    Target("account contacts", "Account contacts", "account-contacts", "Additional invoice addresses"),
    Target("PBX, 5,000 phone users", "PBX", "pbx", "Find an extension", tables=1),
    Target("emergency details", "Emergency details", "emergency-details", "Download by number"),
    Target("sent e-mails, 300,000", "Sent e-mail history", "sent-emails", "followed from here", tables=1),
    Target("activity, 300,000 e-mails", "Activity", "account-activity", "Check the audit"),
)
"""The other sections, of an account that has far more than any other."""
