from lib import auth, launch
from lib.domain.permissions import Permission
from lib.ui import selection
from lib.ui.activity import show_activity

identity = auth.require(Permission.ACCOUNT_SEE_ALL)

hub = launch.start()
account = selection.opened_account(hub, identity)
show_activity(hub, account, identity)
