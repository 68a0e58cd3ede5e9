from lib import auth, launch
from lib.domain.permissions import Permission
from lib.ui.billing_map import show_charge_map

identity = auth.require(Permission.CHARGE_MAP_EDIT)

show_charge_map(launch.start(), identity)
