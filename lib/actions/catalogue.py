"""Every action there is, by kind."""

from lib.actions.action import Action
from lib.actions.deactivate import Deactivate
from lib.actions.enable import Enable
from lib.actions.parent import ChangeParent
from lib.actions.pin import Pin
from lib.actions.refresh_rules import RefreshRules
from lib.actions.rename import Rename
from lib.actions.restore_number import RestoreNumber
from lib.actions.suspend import Suspend

ACTIONS: dict[str, Action] = {
    action.kind: action
    for action in (Rename(), ChangeParent(), Suspend(), Enable(), RefreshRules(), Pin(), Deactivate(), RestoreNumber())
}
