"""Every action, by kind."""

from typing import Any

from lib.actions.account.deactivate import Deactivate
from lib.actions.account.enable import Enable
from lib.actions.account.parent import ChangeParent
from lib.actions.account.pin import Pin
from lib.actions.account.rename import Rename
from lib.actions.account.suspend import Suspend
from lib.actions.billing.add_subscription import AddSubscription
from lib.actions.billing.charge_map import EditChargeMap
from lib.actions.billing.edit_subscription import EditSubscription
from lib.actions.billing.refresh_allowances import RefreshAllowances
from lib.actions.billing.remove_subscription import RemoveSubscription
from lib.actions.contacts.edit_contact import EditContact
from lib.actions.emails.resend_email import ResendEmail
from lib.actions.emergency.save_emergency import SaveEmergency
from lib.actions.engine.action import Action
from lib.actions.numbers.refresh_rules import RefreshRules
from lib.actions.numbers.restore_number import RestoreNumber
from lib.actions.pbx.pbx_billing import PbxBilling
from lib.actions.pbx.rename_pbx import RenamePbx

ACTIONS: dict[str, Action[Any]] = {
    action.kind: action
    for action in (
        Rename(),
        ChangeParent(),
        Suspend(),
        Enable(),
        RefreshRules(),
        Pin(),
        Deactivate(),
        RestoreNumber(),
        RefreshAllowances(),
        AddSubscription(),
        EditSubscription(),
        RemoveSubscription(),
        EditChargeMap(),
        PbxBilling(),
        RenamePbx(),
        ResendEmail(),
        EditContact(),
        SaveEmergency(),
    )
}
