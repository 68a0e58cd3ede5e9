"""Every action there is, by kind."""

from lib.actions.action import Action
from lib.actions.add_subscription import AddSubscription
from lib.actions.charge_map import EditChargeMap
from lib.actions.deactivate import Deactivate
from lib.actions.edit_contact import EditContact
from lib.actions.edit_subscription import EditSubscription
from lib.actions.enable import Enable
from lib.actions.parent import ChangeParent
from lib.actions.pbx_billing import PbxBilling
from lib.actions.pin import Pin
from lib.actions.refresh_allowances import RefreshAllowances
from lib.actions.refresh_rules import RefreshRules
from lib.actions.remove_subscription import RemoveSubscription
from lib.actions.rename import Rename
from lib.actions.rename_pbx import RenamePbx
from lib.actions.resend_email import ResendEmail
from lib.actions.restore_number import RestoreNumber
from lib.actions.save_emergency import SaveEmergency
from lib.actions.suspend import Suspend

ACTIONS: dict[str, Action] = {
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
