from lib import auth, launch
from lib.domain.permissions import Permission
from lib.ui import selection
from lib.ui.account_details import show_details

identity = auth.require(Permission.ACCOUNT_SEE)

hub = launch.start()
account = selection.opened_account(hub, identity)
show_details(hub, account, identity)
