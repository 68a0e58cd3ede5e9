from lib import auth, launch
from lib.domain.permissions import Permission
from lib.ui import selection
from lib.ui.billing import show_billing

identity = auth.require(Permission.ACCOUNT_SEE)

hub = launch.start()
account = selection.opened_account(hub, identity)
show_billing(hub, account, identity)
