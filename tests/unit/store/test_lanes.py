"""The lanes of open runs across the upgrade and back."""

from datetime import UTC, datetime

from alembic import command
from sqlalchemy import text

from lib.store import migrate
from lib.store.engine import make_engine, writing

NOW = datetime(2026, 11, 25, tzinfo=UTC).isoformat()


def go(url: str, revision: str) -> None:
    config = migrate._config()
    with migrate.migrating(url) as connection:
        config.attributes["connection"] = connection
        step = command.downgrade if revision == "0005" else command.upgrade
        step(config, revision)


def put(connection, run_id: str, account: str, lane: str) -> None:
    values = {"id": run_id, "account": account, "lane": lane, "now": NOW}
    columns = "id, kind, account, lane, actor, actor_name, params, plan, steps, state, created_at, touched"
    given = ":id, 'k', :account, :lane, 'a', 'A', '{}', '{}', '[]', 'failed', :now, 0"
    connection.execute(text(f"insert into action_run ({columns}) values ({given})"), values)
    connection.execute(
        text("insert into action_claim (account, lane, run_id) values (:account, :lane, :id)"),
        values,
    )


def test_an_older_version_finds_one_open_run_for_each_account(empty_database_url):
    migrate.upgrade(empty_database_url)
    engine = make_engine(empty_database_url)
    with writing(engine) as connection:
        put(connection, "both-main", "1001", "account")
        put(connection, "both-contact", "1001", "contacts")
        put(connection, "lone-contact", "1002", "contacts")
    go(empty_database_url, "0005")
    with engine.connect() as connection:
        states = dict(connection.execute(text("select id, state from action_run")).all())
        claims = set(connection.execute(text("select account, run_id from action_claim")).all())
    assert states == {"both-main": "failed", "both-contact": "abandoned", "lone-contact": "failed"}
    assert {tuple(one) for one in claims} == {("1001", "both-main"), ("1002", "lone-contact")}
    go(empty_database_url, "head")
    with engine.connect() as connection:
        lanes = set(connection.execute(text("select account, lane from action_claim")).all())
    assert {tuple(one) for one in lanes} == {("1001", "account"), ("1002", "account")}
    engine.dispose()
