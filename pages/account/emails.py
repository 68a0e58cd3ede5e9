from lib.domain.permissions import Permission
from lib.ui import auth
from lib.ui.emails.page import show_emails

visit = auth.require(Permission.ACCOUNT_SEE)
show_emails(visit)
