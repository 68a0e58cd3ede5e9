"""What an account of a soak has in the Hub: hundreds of things of every kind."""

from typing import Any

from sqlalchemy import Connection, Table, delete, insert

from lib.store import schema
from tests.actions.conftest import zuora_id
from tests.common.factories import put_account

NUMBERS, USERS, QUEUES, CALLFLOWS, PORTAL_USERS, SUBSCRIPTIONS = 220, 120, 20, 30, 8, 3


def furnish(connection: Connection, number: str, name: str, owned: list[str], subscriptions: list[str]) -> None:
    """Write the account and everything that belongs to it."""
    account_id = put_account(connection, number, name=name, zuora_id=zuora_id(number), zuora_number=f"A{number}")

    def add(table: Table, rows: list[dict[str, Any]]) -> list[int]:
        query = insert(table).returning(table.c.id, sort_by_parameter_order=True)
        return list(connection.execute(query, [{"account_id": account_id} | row for row in rows]).scalars())

    billed = add(schema.subscription, [{"number": subscription} for subscription in subscriptions])
    add(schema.allowance, [{"subscription_id": one, "kind": "pbx_extensions", "granted": 60} for one in billed])
    groups = [f"closing{number}{letter}" for letter in "ab"]
    offices = add(schema.pbx, [{"name": "Office", "group_name": one, "subscription_id": billed[0]} for one in groups])
    people = [
        {"pbx_id": office, "extension": str(100 + at), "login": f"{100 + at}@{group}", "kind": "desk_phone"}
        for office, group in zip(offices, groups, strict=True)
        for at in range(USERS // len(groups))
    ]
    users = add(schema.phone_user, [{"display_name": f"Person {at}"} | one for at, one in enumerate(people)])
    # Several have the same name, so only the id tells which is which.
    queues = add(schema.call_queue, [{"name": f"Reception {at % 5}"} for at in range(QUEUES)])
    members = zip(queues * (USERS // QUEUES), users, strict=True)
    connection.execute(
        insert(schema.queue_member), [{"queue_id": queue, "phone_user_id": user} for queue, user in members]
    )
    lines = [{"e164": e164, "kind": "local", "trunk": "syd-1", "subscription_id": billed[1]} for e164 in owned]
    ids = add(schema.phone_number, lines)
    # The SBC has their rules.
    connection.execute(delete(schema.rule_change).where(schema.rule_change.c.e164.in_(owned)))
    flows = [{"phone_number_id": ids[at], "target_phone_user_id": users[at]} for at in range(CALLFLOWS)]
    add(schema.callflow, [{"name": f"Day {at}", "kind": "ivr"} | flow for at, flow in enumerate(flows)])
    add(schema.call_parking, [{"name": f"Park {at}"} for at in range(4)])
    add(schema.music_on_hold, [{"name": f"Song {at}"} for at in range(3)])
    add(schema.integration, [{"name": f"CRM {at}", "vendor": "Acme"} for at in range(3)])
    add(schema.web_tracker_code, [{"code": f"WT-{number}-{at}", "site": "www.closing.example"} for at in range(4)])
    add(schema.portal_user, [{"email": f"user{at}@example.com", "name": f"User {at}"} for at in range(PORTAL_USERS)])
    owner = f"owner{number}"
    sign_in = add(schema.person, [{"username": owner, "email": f"{owner}@example.com", "name": "Owner"}])
    connection.execute(insert(schema.person_role).values(person_id=sign_in[0], role="account_admin"))
