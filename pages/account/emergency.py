from lib.app import start
from lib.domain.permissions import Permission
from lib.ui import auth, selection
from lib.ui.emergency.page import show_emergency

identity = auth.require(Permission.ACCOUNT_SEE_ALL)

app = start.start()
account = selection.opened_account(app, identity)
show_emergency(app, account, identity)
