from lib.domain.permissions import Permission
from lib.ui import auth
from lib.ui.billing.page import show_billing

visit = auth.require(Permission.ACCOUNT_SEE)
show_billing(visit)
