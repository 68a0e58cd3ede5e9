"""Who may do what: roles, their permissions, and the person who acts.

`docs/roles.md` shows the table to people, and a test keeps both equal.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Role(StrEnum):
    """A role in our database, or mapped from a group of the identity provider."""

    SUPPORT_LEAD = "support_lead"
    BILLING = "billing"
    READ_ONLY = "read_only"
    ACCOUNT_ADMIN = "account_admin"
    ADMIN = "admin"


class Permission(StrEnum):
    """`subject:verb`: the right to see or do one thing."""

    ACCOUNT_SEE = "account:see"
    ACCOUNT_SEE_ALL = "account:see_all"
    RUN_SEE = "run:see"
    ACCOUNT_RENAME = "account:rename"
    ACCOUNT_MOVE = "account:move"
    ACCOUNT_SUSPEND = "account:suspend"
    ACCOUNT_PIN = "account:pin"
    ACCOUNT_DEACTIVATE = "account:deactivate"
    AUTH_RULES_REFRESH = "auth_rules:refresh"
    ALLOWANCES_REFRESH = "allowances:refresh"
    CONTACTS_EDIT = "contacts:edit"
    NUMBER_RESTORE = "number:restore"
    PBX_RENAME = "pbx:rename"
    PBX_BILLING = "pbx:billing"
    SUBSCRIPTIONS_EDIT = "subscriptions:edit"
    EMERGENCY_EDIT = "emergency:edit"
    EMAIL_RESEND = "email:resend"
    EXPORT = "export:run"
    CHARGE_MAP_EDIT = "charge_map:edit"
    PEOPLE_EDIT = "people:edit"


_P = Permission
_SEE = frozenset({_P.ACCOUNT_SEE, _P.ACCOUNT_SEE_ALL, _P.RUN_SEE})
_LEAD = _SEE | {
    _P.ACCOUNT_RENAME,
    _P.ACCOUNT_MOVE,
    _P.ACCOUNT_SUSPEND,
    _P.ACCOUNT_PIN,
    _P.ACCOUNT_DEACTIVATE,
    _P.AUTH_RULES_REFRESH,
    _P.ALLOWANCES_REFRESH,
    _P.CONTACTS_EDIT,
    _P.PBX_RENAME,
    _P.PBX_BILLING,
    _P.SUBSCRIPTIONS_EDIT,
    _P.EMERGENCY_EDIT,
    _P.EMAIL_RESEND,
    _P.EXPORT,
}
_BILLING = _SEE | {
    _P.ACCOUNT_SUSPEND,
    _P.ACCOUNT_PIN,
    _P.ALLOWANCES_REFRESH,
    _P.CONTACTS_EDIT,
    _P.PBX_BILLING,
    _P.SUBSCRIPTIONS_EDIT,
    _P.EXPORT,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.SUPPORT_LEAD: frozenset(_LEAD),
    Role.BILLING: frozenset(_BILLING),
    Role.READ_ONLY: _SEE,
    # Sees their own account, and cannot do what the staff can.
    Role.ACCOUNT_ADMIN: frozenset({_P.ACCOUNT_SEE}),
    Role.ADMIN: frozenset(Permission),
}


class Identity(BaseModel):
    """The person who is signed in. `account` is the only account an account admin may see.

    `session` is their sign-in. The engine checks that it is still valid, and does nothing without one.
    """

    model_config = ConfigDict(frozen=True)

    email: str
    name: str
    roles: frozenset[Role]
    source: str
    account: str | None = None
    username: str = ""
    session: str | None = None

    @property
    def may_choose_accounts(self) -> bool:
        """False for an account admin, who has exactly one."""
        return self.may(Permission.ACCOUNT_SEE_ALL)

    def may(self, permission: Permission, account: str | None = None) -> bool:
        """True when one of the roles grants it. For an account admin, only on their own account."""
        granting = [role for role in self.roles if permission in GRANTS[role]]
        if any(role is not Role.ACCOUNT_ADMIN for role in granting):
            return True
        return bool(granting) and self.account is not None and account in (None, self.account)
