from lib.app import start
from lib.domain.permissions import Permission
from lib.ui import auth, selection
from lib.ui.billing.page import show_billing

identity = auth.require(Permission.ACCOUNT_SEE)

app = start.start()
account = selection.opened_account(app, identity)
show_billing(app, account, identity)
