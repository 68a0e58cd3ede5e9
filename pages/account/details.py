from lib.domain.permissions import Permission
from lib.ui import auth
from lib.ui.account.page import show_details

visit = auth.require(Permission.ACCOUNT_SEE)
show_details(visit)
