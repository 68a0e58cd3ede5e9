"""Contacts. Bill-to and sold-to may be the same record."""

from collections.abc import Mapping
from functools import partial

from lib.clients.call import Call, Reply
from lib.clients.errors import Rejected
from lib.clients.zuora import replies
from lib.clients.zuora.models import CONTACT_WIRE, Written, ZuoraContact
from lib.clients.zuora.sender import Sender, path_of, plain_track, written

_LIMITS = {
    "first_name": 100,
    "last_name": 100,
    "address1": 255,
    "address2": 255,
    "city": 100,
    "state": 100,
    "county": 100,
    "country": 64,
    "postcode": 20,
    "work_email": 80,
    "personal_email": 80,
    "work_phone": 40,
    "home_phone": 40,
    "fax": 40,
    "mobile_phone": 100,
}


class Contacts(Sender):
    """The methods of a tenant about contacts."""

    def contact(self, contact_id: str) -> ZuoraContact:
        """The contact with this id."""
        operation = f"read contact {contact_id}"
        call = Call("GET", path_of("contacts", contact_id, operation), operation)
        return self._send(call, partial(_read_contact, contact_id))

    def update_contact(self, contact_id: str, changes: Mapping[str, str], *, track: str) -> Written:
        """Change these fields of the contact, named as in `ZuoraContact`, and no others; "" clears one.

        A contact that is both bill-to and sold-to changes as both: see `ZuoraAccount.shared_contact`. Setting an
        e-mail address may make Zuora send the account's invoices by e-mail. Read the change back.

        Raises:
            Rejected: without asking Zuora, for no change, an unknown field or a value that Zuora cannot store.
        """
        operation = f"change contact {contact_id}"
        if problem := _problem(changes):
            raise Rejected(replies.SYSTEM, operation, writes=True, detail=problem)
        # Sending the whole record would undo what somebody else has just changed.
        call = Call(
            "PUT",
            path_of("contacts", contact_id, operation, writes=True),
            operation,
            writes=True,
            resend=True,
            body={CONTACT_WIRE[name]: value for name, value in changes.items()},
            track_id=plain_track(track),
            private=tuple(changes.values()),
        )
        return self._send(call, partial(_read_put, contact_id))


def _problem(changes: Mapping[str, str]) -> str:
    if not changes:
        return "there is no field to change"
    for name, value in changes.items():
        if name not in CONTACT_WIRE:
            return f"a contact has no field {name}"
        if len(value) > _LIMITS[name]:
            return f"{name} is longer than {_LIMITS[name]} characters"
        if any(ord(character) > 0xFFFF for character in value):
            return f"{name} contains a character that Zuora cannot store, such as an emoji"
    return ""


def _read_contact(contact_id: str, reply: Reply, call: Call) -> ZuoraContact:
    body = replies.read_object(reply, call)
    contact = replies.understood(lambda: ZuoraContact.from_wire(body), reply, call, "a contact")
    replies.same_one(contact_id, [contact.id], reply, call)
    return contact


def _read_put(contact_id: str, reply: Reply, call: Call) -> Written:
    """Zuora answers with the whole contact. A success mark is enough; another contact is an error."""
    body = replies.read_object(reply, call)
    replies.same_one(contact_id, [body.get("id")], reply, call)
    return written(reply, call)
