from lib.app import start
from lib.domain.permissions import Permission
from lib.ui import auth, selection
from lib.ui.contacts.page import show_contacts

identity = auth.require(Permission.ACCOUNT_SEE_ALL)

app = start.start()
account = selection.opened_account(app, identity)
show_contacts(app, account, identity)
