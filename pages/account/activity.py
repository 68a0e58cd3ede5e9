from lib.app import start
from lib.domain.permissions import Permission
from lib.ui import auth, selection
from lib.ui.activity.page import show_activity

identity = auth.require(Permission.ACCOUNT_SEE_ALL)

app = start.start()
account = selection.opened_account(app, identity)
show_activity(app, account, identity)
