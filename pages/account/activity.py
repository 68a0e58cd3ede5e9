from lib.domain.permissions import Permission
from lib.ui import auth
from lib.ui.activity.page import show_activity

visit = auth.require(Permission.ACCOUNT_SEE_ALL)
show_activity(visit)
