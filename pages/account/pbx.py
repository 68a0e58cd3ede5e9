from lib.domain.permissions import Permission
from lib.ui import auth
from lib.ui.pbx.page import show_pbxs

visit = auth.require(Permission.ACCOUNT_SEE)
show_pbxs(visit)
