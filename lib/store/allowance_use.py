"""How much of each allowance an account uses, counted in the Hub."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, func, literal, select, union_all

from lib.store.account_id import NUMBER, id_query
from lib.store.schema import call_queue, callflow, phone_number, phone_user

_BY_USER_KIND = {"cloud_mobile": "cloud_mobiles", "jet_phone": "jet_phone_users"}
_BY_NUMBER_KIND = {
    "local": "local_numbers",
    "mobile": "mobile_numbers",
    "13": "numbers_13",
    "1300": "numbers_1300",
    "1800": "numbers_1800",
}
_BY_FLOW_KIND = {
    "ivr": "ivrs",
    "postcode_ivr": "postcode_ivrs",
    "geographic_routing": "geographic_routing",
    "call_wrap_up": "call_wrap_up",
}


def count_use(connection: Connection, number: str) -> dict[str, int]:
    """How much of each allowance the account uses."""
    counts: dict[str, dict[str, int]] = {"users": {}, "numbers": {}, "flows": {}, "queues": {}}
    for of, stored, count in connection.execute(_use(), {NUMBER.key: number}):
        counts[of][stored] = count
    found = {name: sum(counts[of].values()) for name, of in (("pbx_extensions", "users"), ("queues", "queues"))}
    for of, kinds in (("users", _BY_USER_KIND), ("numbers", _BY_NUMBER_KIND), ("flows", _BY_FLOW_KIND)):
        found |= {kind: counts[of].get(stored, 0) for stored, kind in kinds.items()}
    return found


# For most accounts, building the query would take longer than running it.
@cache
def _use() -> CompoundSelect[Any]:
    own = id_query(NUMBER)

    def counted(of: str, table: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
        mine = select(literal(of), table.c.kind, func.count()).where(table.c.account_id == own, *conditions)
        return mine.group_by(table.c.kind)

    return union_all(
        counted("users", phone_user),
        counted("numbers", phone_number, phone_number.c.state != "quarantined"),
        counted("flows", callflow),
        select(literal("queues"), literal(""), func.count()).where(call_queue.c.account_id == own),
    )
