from lib.domain.permissions import Permission
from lib.ui import auth
from lib.ui.emergency.page import show_emergency

visit = auth.require(Permission.ACCOUNT_SEE_ALL)
show_emergency(visit)
