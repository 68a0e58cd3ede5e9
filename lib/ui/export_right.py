"""The right to take an account's data away, asked for when the file is made and not when its button was drawn."""

from lib.domain.permissions import Identity, Permission
from lib.launch import Hub
from lib.store import people


def require_export(hub: Hub, username: str, number: str) -> None:
    """Return when this person may take data of the account away at this moment.

    Raises:
        PermissionError: the page was drawn for somebody who was shut out since.
    """
    with hub.services.engine.connect() as connection:
        person = people.find_person(connection, username)
    if person is not None and person.active:
        now = Identity(
            email=person.email, name=person.name, roles=person.roles, source="export", account=person.account
        )
        if now.may(Permission.EXPORT, number):
            return
    raise PermissionError("this person may not export")
