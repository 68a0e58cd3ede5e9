"""From the account number, which people use, to the id, which the Hub's tables use."""

from sqlalchemy import BindParameter, Connection, ScalarSelect, bindparam, select

from lib.store.schema import account

NUMBER: BindParameter[str] = bindparam("number", type_=account.c.number.type)
"""The account's number in a query that is built once and executed often: `{NUMBER.key: number}`."""


class AccountGone(LookupError):
    """No account has this number."""


def id_of(connection: Connection, number: str) -> int:
    """The id of the account with this number.

    Raises:
        AccountGone: there is no such account.
    """
    found = connection.execute(select(account.c.id).where(account.c.number == number)).scalar_one_or_none()
    if found is None:
        raise AccountGone(number)
    return int(found)


def id_query(number: str | BindParameter[str]) -> ScalarSelect[int]:
    """The id as a part of another query, which saves a query."""
    return select(account.c.id).where(account.c.number == number).scalar_subquery()
