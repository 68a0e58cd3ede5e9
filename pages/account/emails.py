from lib.app import start
from lib.domain.permissions import Permission
from lib.ui import auth, selection
from lib.ui.emails.page import show_emails

identity = auth.require(Permission.ACCOUNT_SEE)

app = start.start()
account = selection.opened_account(app, identity)
show_emails(app, account, identity)
