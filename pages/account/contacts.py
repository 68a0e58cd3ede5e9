from lib.domain.permissions import Permission
from lib.ui import auth
from lib.ui.contacts.page import show_contacts

visit = auth.require(Permission.ACCOUNT_SEE_ALL)
show_contacts(visit)
