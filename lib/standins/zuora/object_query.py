"""`GET /object-query/accounts`: filters, pages by cursor, null fields left out, no `success` mark."""

import base64
import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lib.standins.zuora.state import Row, ZuoraState
from lib.standins.zuora.wire import Refusal

PAGE_SIZE = 10
PAGE_LIMIT = 99
_COLUMNS = {
    "id": "id",
    "accountnumber": "account_number",
    "name": "name",
    "status": "status",
    "parentid": "parent_id",
}
_PARAMETERS = frozenset({"filter[]", "pageSize", "cursor", "includeNullFields"})
_FILTER = re.compile(r"(\w+)\.(EQ|NE|SW|IN):(.*)", re.DOTALL)


class ObjectQuery:
    """The query routes over one state."""

    def __init__(self, state: ZuoraState) -> None:
        self._state = state

    async def accounts(self, request: Request) -> Response:
        """One page of accounts in the order of their ids."""
        query = request.query_params
        if unknown := sorted(set(query) - _PARAMETERS):
            raise Refusal(50000023, f"Unknown query parameter: {unknown[0]}")
        conditions, values = _conditions(query.getlist("filter[]"))
        size = _page_size(query.get("pageSize"))
        rows = self._state.find_accounts(conditions, values, _after(query.get("cursor")), size + 1)
        with_nulls = query.get("includeNullFields") == "true"
        body: dict[str, Any] = {"data": [_item(row, with_nulls) for row in rows[:size]]}
        if len(rows) > size:
            body = {"nextPage": _cursor(rows[size - 1]["id"]), **body}
        elif with_nulls:
            body["nextPage"] = None
        return JSONResponse(body)


def _conditions(filters: list[str]) -> tuple[str, list[str]]:
    parts = ["1"]
    values: list[str] = []
    for text in filters:
        found = _FILTER.fullmatch(text)
        column = _COLUMNS.get(found[1].lower()) if found else None
        if found is None or column is None:
            raise Refusal(50000027, f"Invalid filter parameter: {text.partition('.')[0]}")
        operator, value = found[2], found[3]
        if value == "null" and operator in ("EQ", "NE"):
            parts.append(f"{column} IS {'NOT ' if operator == 'NE' else ''}NULL")
        elif operator == "SW":
            escaped = re.sub(r"([\\%_])", r"\\\1", value)
            parts.append(f"{column} LIKE ? ESCAPE '\\'")
            values.append(escaped + "%")
        elif operator == "IN":
            if not (value.startswith("[") and value.endswith("]")):
                raise Refusal(50000027, f"Invalid filter parameter: {found[1]}")
            listed = [part.strip() for part in value[1:-1].split(",")]
            parts.append(f"{column} IN ({', '.join('?' * len(listed))})")
            values += listed
        else:
            parts.append(f"{column} {'=' if operator == 'EQ' else 'IS NOT'} ?")
            values.append(value)
    return " AND ".join(parts), values


def _page_size(text: str | None) -> int:
    if text is None:
        return PAGE_SIZE
    if not text.isdecimal() or not 1 <= int(text) <= PAGE_LIMIT:
        raise Refusal(50000020, f"pageSize must be between 1 and {PAGE_LIMIT}.")
    return int(text)


def _cursor(last_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([{"id": last_id}]).encode()).decode()


def _after(cursor: str | None) -> str:
    if not cursor:
        return ""
    try:
        return str(json.loads(base64.urlsafe_b64decode(cursor))[0]["id"])
    except (ValueError, LookupError, TypeError):
        raise Refusal(50000020, "Invalid cursor.") from None


def _item(row: Row, with_nulls: bool) -> dict[str, Any]:
    item = {
        "id": row["id"],
        "accountNumber": row["account_number"],
        "name": row["name"],
        "status": row["status"],
        "parentId": row["parent_id"],
        "balance": float(row["balance"]),
        "currency": row["currency"],
        "billToId": row["bill_to_id"],
        "soldToId": row["sold_to_id"],
        "billCycleDay": row["bill_cycle_day"],
        "paymentTerm": row["payment_term"],
        "communicationProfileId": row["communication_profile_id"],
        "notes": row["notes"] or None,
        # A list in the account's own resource, a text with commas here.
        "additionalEmailAddresses": ",".join(json.loads(row["additional_email_addresses"])) or None,
        "updatedDate": row["updated_at"],
    }
    return item if with_nulls else {name: value for name, value in item.items() if value is not None}
