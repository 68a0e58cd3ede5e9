from lib.domain.permissions import Permission
from lib.ui import auth
from lib.ui.fleet.page import show_accounts

visit = auth.require(Permission.ACCOUNT_SEE_ALL)
show_accounts(visit)
