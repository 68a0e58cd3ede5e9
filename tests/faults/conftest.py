from tests.actions.conftest import (  # noqa: F401 - the same stand-ins, with the same accounts
    _running,
    _running_mail,
    _running_sbc,
    mail_standin,
    sbc_standin,
    standin,
)
