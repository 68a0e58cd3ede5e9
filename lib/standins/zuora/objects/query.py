"""Object queries: filters, order, pages by cursor, null fields left out, no `success` mark."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lib.standins.zuora.objects.types import TYPES, ObjectType, rate_plan_items
from lib.standins.zuora.state import Row, ZuoraState
from lib.standins.zuora.wire import Refusal, Reply, Switches

PAGE_SIZE = 10
PAGE_LIMIT = 50
_ONE_PARAMETERS = frozenset({"expand[]", "fields[]", "includeNullFields"})
_PARAMETERS = _ONE_PARAMETERS | {"filter[]", "sort[]", "pageSize", "cursor"}
_FILTER = re.compile(r"(\w+)\.(EQ|NE|LT|GT|LE|GE|SW|IN):(.*)", re.DOTALL)
_SORT = re.compile(r"(\w+)\.(ASC|DESC)", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
_SIGNS = {"EQ": "=", "NE": "IS NOT", "LT": "<", "GT": ">", "LE": "<=", "GE": ">="}


class ObjectQuery:
    """The query routes over one state."""

    def __init__(self, state: ZuoraState, switches: Switches) -> None:
        self._state = state
        self._switches = switches

    async def page(self, request: Request) -> Response:
        """`GET /object-query/{type}`: one page, by id unless another order is asked for."""
        kind = self._begin(request, _PARAMETERS)
        query = request.query_params
        conditions, values = _conditions(kind, query.getlist("filter[]"))
        size = _page_size(query.get("pageSize"))
        column, direction = _order(kind, query.getlist("sort[]"))
        after, after_values = _after(query.get("cursor"), column, direction)
        sql = (
            f"SELECT *, {column} AS sort_value FROM {kind.table} WHERE {kind.only} AND {conditions} AND {after} "  # noqa: S608
            f"ORDER BY sort_value {direction}, id {direction} LIMIT ?"
        )
        rows = self._state.rows(sql, *values, *after_values, size + 1)
        body: dict[str, Any] = {"data": [self._item(request, kind, row, size) for row in rows[:size]]}
        if len(rows) > size:
            body = {"nextPage": _cursor(rows[size - 1]), **body}
        elif query.get("includeNullFields") == "true":
            body["nextPage"] = None
        return Reply(body)

    async def one(self, request: Request) -> Response:
        """`GET /object-query/{type}/{key}`: one object by its id or, if it has one, its number."""
        kind = self._begin(request, _ONE_PARAMETERS)
        key = request.path_params["key"]
        sql = f"SELECT * FROM {kind.table} WHERE id = ?"  # noqa: S608 (tables are ours)
        rows = self._state.rows(sql, key)
        if not rows and kind.number:
            sql = f"SELECT * FROM {kind.table} WHERE {kind.number} = ? AND {kind.only}"  # noqa: S608
            rows = self._state.rows(sql, key)
        if not rows:
            raise Refusal(50000040, f"Cannot find entity by key: '{key}'.")
        return Reply(self._item(request, kind, rows[0], PAGE_LIMIT))

    def _begin(self, request: Request, known: frozenset[str]) -> ObjectType:
        kind = TYPES.get(request.path_params["type"])
        if kind is None:
            raise Refusal(50000040, f"No resource at {request.method} {request.url.path}", status=404)
        unknown = sorted(name for name in set(request.query_params) if not name.endswith(".fields[]"))
        if unknown := [name for name in unknown if name not in known]:
            raise Refusal(50000023, f"Unknown query parameter: {unknown[0]}")
        for path in _listed(request, "expand[]"):
            if path.lower() not in kind.expands:
                raise Refusal(50000027, f"Invalid expand parameter: {path}")
        self._state.end_cancelled(self._switches.current_date().isoformat())
        return kind

    def _item(self, request: Request, kind: ObjectType, row: Row, size: int) -> dict[str, Any]:
        item = kind.item(row)
        wanted = {name.lower() for name in _listed(request, "fields[]")}
        if unknown := sorted(wanted - {name.lower() for name in item}):
            raise Refusal(50000027, f"Invalid fields parameter: {unknown[0]}")
        item = {name: value for name, value in item.items() if not wanted or name.lower() in wanted}
        item |= self._expanded(kind, row, {path.lower() for path in _listed(request, "expand[]")}, size)
        return item if request.query_params.get("includeNullFields") == "true" else _without_nulls(item)

    def _expanded(self, kind: ObjectType, row: Row, paths: set[str], size: int) -> dict[str, Any]:
        """The related objects asked for. Children beyond the page size are left out, and have no further page."""
        found: dict[str, Any] = {}
        if kind.table == "account":
            for path, column, name in (("billto", "bill_to_id", "billTo"), ("soldto", "sold_to_id", "soldTo")):
                if path in paths:
                    found[name] = TYPES["contacts"].item(self._state.contact(row[column]))
            for path in ("subscriptions", "invoices"):
                if any(asked.partition(".")[0] == path for asked in paths):
                    found[path] = self._children(path, row["id"], _below(paths, path), size)
        elif kind.table == "subscription" and any(path.startswith("rateplans") for path in paths):
            found["ratePlans"] = rate_plan_items(row, with_charges="rateplans.rateplancharges" in paths)[:size]
        if any(path.partition(".")[0] == "account" for path in paths):
            account = self._state.account(row["account_id"])
            if account is not None:
                inner = self._expanded(TYPES["accounts"], account, _below(paths, "account"), size)
                found["account"] = TYPES["accounts"].item(account) | inner
        return found

    def _children(self, path: str, account_id: str, below: set[str], size: int) -> list[dict[str, Any]]:
        kind = TYPES[path]
        sql = f"SELECT * FROM {kind.table} WHERE account_id = ? AND {kind.only} ORDER BY id LIMIT ?"  # noqa: S608
        rows = self._state.rows(sql, account_id, size)
        return [kind.item(child) | self._expanded(kind, child, below, size) for child in rows]


def _listed(request: Request, name: str) -> list[str]:
    """The values of a parameter that may be repeated and may have several values with commas."""
    return [part.strip() for text in request.query_params.getlist(name) for part in text.split(",") if part.strip()]


def _below(paths: set[str], first: str) -> set[str]:
    return {path.removeprefix(f"{first}.") for path in paths if path.startswith(f"{first}.")}


def _conditions(kind: ObjectType, filters: list[str]) -> tuple[str, list[str]]:
    parts = ["1"]
    values: list[str] = []
    for text in filters:
        found = _FILTER.fullmatch(text)
        column = kind.filters.get(found[1].lower()) if found else None
        if found is None or column is None:
            raise Refusal(50000027, f"Invalid filter parameter: {text.partition('.')[0]}")
        part, more = _condition(kind, found[1], column, found[2], found[3])
        parts.append(part)
        values += more
    return " AND ".join(parts), values


def _condition(kind: ObjectType, name: str, column: str, operator: str, value: str) -> tuple[str, list[str]]:
    if value == "null" and operator in ("EQ", "NE"):
        # A missing value is an empty text in some columns, and null in Zuora.
        return (f"nullif({column}, '') IS {'NOT ' if operator == 'NE' else ''}NULL", [])
    numeric = column in kind.numeric
    side, mark = (f"CAST({column} AS NUMERIC)", "CAST(? AS NUMERIC)") if numeric else (column, "? COLLATE NOCASE")
    if operator == "SW":
        escaped = re.sub(r"([\\%_])", r"\\\1", value)
        return f"{column} LIKE ? ESCAPE '\\'", [escaped + "%"]
    if operator == "IN":
        if not (value.startswith("[") and value.endswith("]")):
            raise Refusal(50000027, f"Invalid filter parameter: {name}")
        listed = [_operand(name, part.strip(), numeric) for part in value[1:-1].split(",")]
        return f"({' OR '.join([f'{side} = {mark}'] * len(listed))})", listed
    if column == "updated_at":
        value = _moment(name, value)
    return f"{side} {_SIGNS[operator]} {mark}", [_operand(name, value, numeric)]


def _moment(name: str, value: str) -> str:
    """The time in UTC without its offset, so that it compares with the stored ones."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Refusal(50000027, f"Invalid filter parameter: {name}") from None
    return (moment.astimezone(UTC) if moment.tzinfo else moment).replace(tzinfo=None).isoformat()


def _operand(name: str, value: str, numeric: bool) -> str:
    if not numeric:
        return value
    value = {"true": "1", "false": "0"}.get(value.lower(), value)
    if not _NUMBER.fullmatch(value):
        raise Refusal(50000027, f"Invalid filter parameter: {name}")
    return value


def _order(kind: ObjectType, sorts: list[str]) -> tuple[str, str]:
    """The expression to sort by, never null, and the direction."""
    if not sorts:
        return "id", "ASC"
    found = _SORT.fullmatch(sorts[0])
    column = kind.filters.get(found[1].lower()) if found else None
    if found is None or column is None or len(sorts) > 1:
        raise Refusal(50000027, f"Invalid sort parameter: {sorts[0]}")
    if column in kind.numeric:
        return f"CAST({column} AS NUMERIC)", found[2].upper()
    return f"coalesce({column}, '')", found[2].upper()


def _page_size(text: str | None) -> int:
    if text is None:
        return PAGE_SIZE
    if not text.isdecimal() or not 1 <= int(text) <= PAGE_LIMIT:
        raise Refusal(50000020, f"pageSize must be between 1 and {PAGE_LIMIT}.")
    return int(text)


def _cursor(last: Row) -> str:
    return base64.urlsafe_b64encode(json.dumps([{"sort": last["sort_value"], "id": last["id"]}]).encode()).decode()


def _after(cursor: str | None, column: str, direction: str) -> tuple[str, list[Any]]:
    if not cursor:
        return "1", []
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor))[0]
        values = [place["sort"], str(place["id"])]
    except (ValueError, LookupError, TypeError):
        raise Refusal(50000020, "Invalid cursor.") from None
    if not isinstance(values[0], (str, int, float)):
        raise Refusal(50000020, "Invalid cursor.")
    if column == "id":
        # Only by the key, so that the index is used.
        return f"id {'>' if direction == 'ASC' else '<'} ?", values[1:]
    return f"({column}, id) {'>' if direction == 'ASC' else '<'} (?, ?)", values


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value
