"""Many readiness checks hold no thread of the server while the database hangs."""

import asyncio
import sqlite3

from lib.store.engine import make_engine
from lib.store.ready import WriteCheck


def test_many_questions_while_the_database_hangs_leave_the_threads_alone(tmp_path):
    path = tmp_path / "hub.db"
    engine = make_engine(f"sqlite:///{path}")
    engine.connect().close()
    check = WriteCheck({"the Hub database": engine})
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("begin immediate")

    async def ask():
        questions = [asyncio.create_task(check.problem_soon()) for _ in range(100)]
        # Each thread of the loop would be held by one of them.
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 5) == "free"
        assert not any(question.done() for question in questions)
        blocker.execute("rollback")
        return await asyncio.gather(*questions)

    try:
        assert asyncio.run(ask()) == [None] * 100
    finally:
        blocker.close()
        check.close()
        engine.dispose()
