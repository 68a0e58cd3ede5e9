"""What other programs do to numbers in the Hub: the Account Manager itself never adds or moves one."""

from sqlalchemy import Connection, insert, select, update

from lib.domain.numbers import kind_of
from lib.store.account_id import id_of
from lib.store.schema import phone_number
from lib.store.search import reindex


def add_number(connection: Connection, number: str, *, account_number: str, trunk: str) -> None:
    """Give the account a number (E.164) in use."""
    owner, kind = id_of(connection, account_number), kind_of(number)
    connection.execute(
        insert(phone_number).values(account_id=owner, e164=number, kind=kind.value, state="in_use", trunk=trunk)
    )
    reindex(connection, owner)


def move_number(connection: Connection, number: str, *, to_account: str) -> None:
    """Give the number to another account. It leaves the subscription that billed it."""
    own = select(phone_number.c.account_id).where(phone_number.c.e164 == number)
    source, target = connection.execute(own).scalar_one(), id_of(connection, to_account)
    connection.execute(
        update(phone_number).where(phone_number.c.e164 == number).values(account_id=target, subscription_id=None)
    )
    reindex(connection, source, target)
