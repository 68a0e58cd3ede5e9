"""What a step did to each of its items. That is too much for the audit, which has its hash."""

import hashlib
import json
from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, insert, select, update

from lib.domain.chunks import chunks
from lib.store.schema import action_item

_MANY = 500
_ITEM, _TEXT = 255, 2000


def keep_items(connection: Connection, run_id: str, step: str, items: Iterable[tuple[str, str]]) -> None:
    """Store (item, words) for this step of this run. It replaces what was stored for the same items."""
    told = {item[:_ITEM]: text[:_TEXT] for item, text in items}
    for chunk in chunks(told, _MANY):
        connection.execute(
            delete(action_item).where(
                action_item.c.run_id == run_id, action_item.c.step == step, action_item.c.item.in_(chunk)
            )
        )
        connection.execute(
            insert(action_item),
            [{"run_id": run_id, "step": step, "item": item, "text": told[item]} for item in chunk],
        )


def reword_items(connection: Connection, run_id: str, step: str, before: str, after: str) -> None:
    """Replace `before` by `after` in the words of every item of the step, once it is done."""
    own = (action_item.c.run_id == run_id, action_item.c.step == step)
    connection.execute(update(action_item).where(*own).values(text=func.replace(action_item.c.text, before, after)))


def items_of_step(connection: Connection, run_id: str, step: str) -> list[tuple[str, str]]:
    """Every (item, words) of the step, in the order in which they were first stored."""
    rows = connection.execute(
        select(action_item.c.item, action_item.c.text)
        .where(action_item.c.run_id == run_id, action_item.c.step == step)
        .order_by(action_item.c.id)
    )
    return [(row.item, row.text) for row in rows]


def digest_of(connection: Connection, run_id: str, step: str) -> str | None:
    """A hash over all items of the step, for the audit. None when it has no items."""
    found = items_of_step(connection, run_id, step)
    if not found:
        return None
    canonical = json.dumps(found, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
