from lib.domain.permissions import Permission
from lib.ui import auth
from lib.ui.billing.charge_map import show_charge_map

visit = auth.require(Permission.CHARGE_MAP_EDIT)
show_charge_map(visit)
