"""Loads the made-up world into the Hub database."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, insert, select, text

from lib.actions.emails.letters import Rendered, render
from lib.demo.model import ALLOWANCES, ANCHOR, DemoAccount
from lib.demo.people import add_people
from lib.demo.world import world
from lib.store import schema
from lib.store.engine import writing
from lib.store.search import reindex

_ACTOR = "lead@demo.example"
_LOCK = 0x4143_4453
_CHUNK = 10_000


def seed_hub(engine: Engine) -> None:
    """Fill an empty Hub database, in one transaction. Does nothing when it has an account already."""
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            # When two first starts happen at once, the second waits here and then finds the accounts.
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if connection.execute(select(schema.account.c.id).limit(1)).first() is not None:
            return
        rows = _Rows(connection)
        for account in world().accounts:
            rows.add_account(account)
        rows.link_families(world().accounts)
        rows.add_charge_map()
        rows.write()
        reindex(connection, *rows.id_of.values())
        # The SBC of the demo has the same world: no number waits for its rule, and planted differences stay.
        connection.execute(delete(schema.rule_change))
        add_people(connection)


class _Rows:
    """Collects the rows of every table, so that each table is written at once.

    The database is empty, so ids are counted here: rows refer to each other before they are written.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        self.id_of: dict[str, int] = {}

    def _add(self, table: Table, **values: Any) -> int:
        rows = self._rows[table]
        id_ = len(rows) + 1
        rows.append({"id": id_, **values} if "id" in table.c else values)
        return id_

    def add_account(self, account: DemoAccount) -> None:
        id_ = self._add(
            schema.account,
            number=account.number,
            name=account.name,
            status=account.status,
            email=account.bill_to.email,
            parent_id=None,
            zuora_id=account.zuora_id if account.linked else None,
            zuora_number=account.zuora_number if account.linked else None,
            communication_profile=account.profile,
            pinned_note=account.pinned_note,
            pinned_until=account.pinned_until,
            created_at=account.created_at,
            changed_at=max([account.created_at, *(change.at for change in account.history)]),
        )
        self.id_of[account.number] = id_
        own = {"account_id": id_}
        subscription = self._add_billing(own, account)
        numbers = self._add_numbers(own, account, subscription)
        users = self._add_pbxs(own, account, subscription)
        self._add_routing(own, account, numbers, users)
        self._add_small_things(own, account)

    def link_families(self, accounts: Iterable[DemoAccount]) -> None:
        """Add the parents, when every account has its id."""
        for row, account in zip(self._rows[schema.account], accounts, strict=True):
            row["parent_id"] = None if account.parent is None else self.id_of[account.parent]

    def add_charge_map(self) -> None:
        """Every allowance by the name of its charge, and a few by the number of an older product's charge."""
        changed = {"changed_by": _ACTOR, "changed_at": ANCHOR - timedelta(days=200)}
        for kind, charge in ALLOWANCES.items():
            self._add(schema.charge_map, charge_number=None, charge_name=charge, allowance_kind=kind, **changed)
        for position, kind in enumerate(("pbx_extensions", "local_numbers", "jet_phone_users"), start=1):
            self._add(
                schema.charge_map,
                charge_number=f"PRPC-{position:08}",
                charge_name=None,
                allowance_kind=kind,
                **changed,
            )

    def _add_billing(self, own: dict[str, int], account: DemoAccount) -> int | None:
        ids = []
        for contract in account.has.subscriptions:
            id_ = self._add(
                schema.subscription,
                **own,
                number=contract.number,
                name=contract.name,
                status=contract.status,
                ends=contract.ends,
                payer=contract.payer,
                term_start=contract.term_start,
                term_end=contract.term_end,
                version=contract.version,
                refreshed_at=contract.refreshed_at,
            )
            ids.append(id_)
            for kind, granted in contract.allowances.items() if contract.status != "Draft" else ():
                self._add(schema.allowance, **own, subscription_id=id_, kind=kind, granted=granted)
        return ids[0] if ids else None

    def _add_numbers(self, own: dict[str, int], account: DemoAccount, subscription: int | None) -> list[int]:
        closed = account.history[-1].at if account.history else ANCHOR
        ids = []
        for number in account.has.numbers:
            quarantined = number.state == "quarantined"
            id_ = self._add(
                schema.phone_number,
                **own,
                e164=number.e164,
                kind=number.kind,
                state=number.state,
                trunk=number.trunk,
                subscription_id=subscription,
                quarantined_at=closed if quarantined else None,
                # Six months, as the regulator requires.
                quarantined_until=(closed + timedelta(days=183)).date() if quarantined else None,
                quarantine_reason="deactivated" if quarantined else None,
            )
            ids.append(id_)
        return ids

    def _add_pbxs(self, own: dict[str, int], account: DemoAccount, subscription: int | None) -> dict[str, int]:
        users = {}
        for pbx in account.has.pbxs:
            pbx_id = self._add(
                schema.pbx, **own, name=pbx.name, group_name=pbx.group_name, subscription_id=subscription
            )
            for user in pbx.users:
                users[user.extension] = self._add(
                    schema.phone_user,
                    **own,
                    pbx_id=pbx_id,
                    extension=user.extension,
                    display_name=user.display_name,
                    email=user.email,
                    kind=user.kind,
                    login=f"{user.extension}@{pbx.group_name}",
                )
        return users

    def _add_routing(
        self, own: dict[str, int], account: DemoAccount, numbers: list[int], users: dict[str, int]
    ) -> None:
        has = account.has
        for name, members in has.queues.items():
            queue = self._add(schema.call_queue, **own, name=name)
            for extension in members:
                self._add(schema.queue_member, queue_id=queue, phone_user_id=users[extension])
        for position, (kind, name) in enumerate(has.callflows):
            self._add(
                schema.callflow,
                **own,
                name=name,
                kind=kind,
                phone_number_id=numbers[position % len(numbers)],
                target_phone_user_id=next(iter(users.values())),
            )
        for name in has.parking:
            self._add(schema.call_parking, **own, name=name)
        for name in has.music:
            self._add(schema.music_on_hold, **own, name=name)

    def _add_small_things(self, own: dict[str, int], account: DemoAccount) -> None:
        has = account.has
        for name, vendor in has.integrations:
            self._add(schema.integration, **own, name=name, vendor=vendor)
        for code in has.tracker_codes:
            self._add(schema.web_tracker_code, **own, code=code, site=f"www.{account.site}.example")
        for email, name, is_admin in has.portal_users:
            self._add(schema.portal_user, **own, email=email, name=name, is_admin=is_admin)
        for version, details in enumerate(has.emergency, start=1):
            at = account.created_at + timedelta(days=90 * version)
            self._add(schema.emergency_record, **own, version=version, details=details, saved_by=_ACTOR, saved_at=at)
        for mail in has.emails:
            position = len(self._rows[schema.sent_email]) + 1
            letter = _letter(mail.kind, account)
            self._add(
                schema.sent_email,
                **own,
                sent_at=mail.sent_at,
                kind=mail.kind,
                subject=letter.subject if letter else mail.subject,
                body=letter.text if letter else None,
                recipient=mail.recipient,
                state=mail.state,
                message_id=f"<demo-{position}@mail.example>",
            )
        for change in account.history:
            self._add(
                schema.status_change,
                **own,
                from_status=change.from_status,
                to_status=change.to_status,
                reason=change.reason,
                note=change.note,
                actor=_ACTOR,
                at=change.at,
            )

    def write(self) -> None:
        """Write every table, first those that others refer to."""
        for table in schema.metadata.sorted_tables:
            rows = self._rows.get(table, [])
            if table is schema.account:
                # A parent must exist before its children, and both are rows of this table.
                self._insert(table, [row | {"parent_id": None} for row in rows])
                self._set_parents(rows)
            else:
                self._insert(table, rows)
            if rows and "id" in table.c and self._connection.dialect.name == "postgresql":
                self._move_counter(table, len(rows))

    def _insert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        for start in range(0, len(rows), _CHUNK):
            self._connection.execute(insert(table), rows[start : start + _CHUNK])

    def _set_parents(self, rows: list[dict[str, Any]]) -> None:
        statement = text("update account set parent_id = :parent where id = :id")
        parents = [{"id": row["id"], "parent": row["parent_id"]} for row in rows if row["parent_id"]]
        self._connection.execute(statement, parents)

    def _move_counter(self, table: Table, last: int) -> None:
        """PostgreSQL counts from its own counter, which does not move for rows with an id of ours."""
        counter = text("select setval(pg_get_serial_sequence(:table, 'id'), :last)")
        self._connection.execute(counter, {"table": table.name, "last": last})


def _letter(kind: str, account: DemoAccount) -> Rendered | None:
    """The text of a notice. Other kinds have what somebody could sign in with, so their text is not stored."""
    if kind != "suspension_notice":
        return None
    values = {"account_number": account.number, "account_name": account.name, "contact": "our billing team"}
    return render(kind, values)
