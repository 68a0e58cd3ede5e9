from lib.app import start
from lib.domain.permissions import Permission
from lib.ui import auth
from lib.ui.fleet.page import show_accounts

auth.require(Permission.ACCOUNT_SEE_ALL)
show_accounts(start.start())
