"""Every action there is, by kind."""

from lib.actions.action import Action
from lib.actions.parent import ChangeParent
from lib.actions.rename import Rename

ACTIONS: dict[str, Action] = {action.kind: action for action in (Rename(), ChangeParent())}
