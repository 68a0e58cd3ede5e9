"""What must hold after deactivations whose servers were killed: nothing is lost, and nothing is done twice."""

from collections import Counter

from sqlalchemy import func, select

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.durable.step_engine import WORKERS
from lib.actions.engine.progress import progress_of
from lib.actions.engine.receipt import receipt_of
from lib.store import accounts, audit, belongings, items, runs, schema

STEPS = [step.name for step in ACTIONS["deactivate"].steps]
ATTEMPTS = 4
"""How often the step engine tries a step that cannot use the database."""
WORDS = {
    "cancel": "cancelled, ends on ",
    "rules": "auth rule removed",
    "numbers": "in quarantine until ",
    **dict.fromkeys(belongings.KINDS, "removed"),
}
"""Step -> how the text begins that is kept of each of its items."""


def check(world, killed, refused=()):
    """Check all that must hold afterwards, and return how many steps were done again. `refused` is the statuses Zuora
    refused with.
    """
    with world.engine.connect() as connection:
        ids = connection.execute(select(schema.action_run.c.id)).scalars().all()
        done = [runs.get_run(connection, run_id) for run_id in ids]
        assert {(run.state, run.error) for run in done} == {("done", None)}
        # Each account had one run, and is not locked any more.
        assert Counter(run.account for run in done) == Counter(world.closing)
        assert count_rows(connection, schema.action_claim) == 0
        assert audit.verify_chain(connection) is None
        for run in done:
            check_account(connection, world, run)
            check_audit(connection, world, run)
        check_bystanders(connection, world)
        repeated = check_repeats(connection, done, killed, world.hurt)
    check_outside(world, refused)
    return repeated


def check_account(connection, world, run):
    """The account is as the plan said."""
    standing = accounts.get_account(connection, run.account)
    assert (standing.status_words, standing.changing_to) == ("deactivated", None)
    left = {what: belongings.list_labels(connection, run.account, what) for what in belongings.KINDS}
    assert left == {what: [] for what in belongings.KINDS}
    own = select(schema.account.c.id).where(schema.account.c.number == run.account).scalar_subquery()
    assert count_rows(connection, schema.allowance, schema.allowance.c.account_id == own) == 0
    numbers = belongings.list_numbers(connection, run.account)
    assert {one.label for one in numbers} == world.had[run.account]["numbers"]
    resting = {(one.state, one.quarantined_until.isoformat()) for one in numbers}
    assert resting == {("quarantined", run.plan["facts"]["until"])}
    change = schema.status_change
    query = select(change.c.from_status, change.c.to_status, change.c.run_id).where(change.c.account_id == own)
    assert connection.execute(query).all() == [("active", "deactivated", run.id)]
    signs_in = select(schema.person.c.active).where(schema.person.c.account_id == own)
    assert connection.execute(signs_in).scalars().all() == [False]


def check_audit(connection, world, run):
    """Each step ended well once, and its items are complete, however often it was begun."""
    had = world.had[run.account]
    events = audit.events_of_run(connection, run.id)
    ended = [event for event in events if event.phase == "ok"]
    assert [event.step for event in ended] == run.steps == STEPS
    assert {event.phase for event in events} <= {"started", "begin", "progress", "ok", "done"}
    assert Counter(event.phase for event in events if event.step is None) == {"started": 1, "done": 1}
    kept = {step: items.items_of_step(connection, run.id, step) for step in STEPS}
    for event in ended:
        assert Counter(item for item, _ in kept[event.step]) == Counter(had.get(event.step, ())), event.step
        for item, words in kept[event.step]:
            assert words.startswith("closed" if item.startswith("sign-in") else WORDS[event.step]), event.step
        # The audit holds the hash of exactly these.
        assert event.details.get("items") == items.digest_of(connection, run.id, event.step)
        assert (event.details["outcome"], event.details["count"]) == ("done", len(had.get(event.step, ("status",))))
    progress = progress_of(run, events, ACTIONS["deactivate"].titles)
    receipt = receipt_of(progress, kept).markdown("Australia/Melbourne")
    assert f"Receipt: {run.id}" in receipt
    assert all(f"| {step.title} | Done" in receipt for step in progress.steps)


def check_repeats(connection, done, killed, hurt):
    """How often a step was begun again, each time because of a kill.

    A run belongs to one process at a time, which does one of its steps at a time. So a kill repeats at most one step of
    each run the process had under way, only after the kill, and never a step whose good end is recorded. A process has
    at most as many runs under way as the step engine has workers. A full disk is like a kill to each run of a server
    that went through it, and the engine tries a step again a few times by itself. Such a server goes on to other runs,
    which count too when it is killed later.
    """
    charged = Counter()
    for run in done:
        last = {}
        for event in audit.events_of_run(connection, run.id):
            if event.step is None:
                continue
            before = last.get(event.step)
            if event.phase != "begin":
                assert before.executor == event.executor, f"two processes at {event.step}"
            elif before is not None:
                assert before.phase in ("begin", "progress"), f"{event.step} was begun again after its end"
                causes = hurt.get(before.executor, []) + [killed[one] for one in [before.executor] if one in killed]
                assert causes, f"{event.step} was begun again and nobody was killed"
                assert event.sequence > min(causes), f"{event.step} was begun again before the kill"
                charged[run.id, before.executor] += 1
            last[event.step] = event
    for (_, executor), repeated in charged.items():
        most = 1 + ATTEMPTS * len(hurt.get(executor, []))
        assert repeated <= most, "two steps of one run were begun again after one kill"
    runs_of_a_kill = Counter(executor for _, executor in charged)
    for executor, repeated in runs_of_a_kill.items():
        assert repeated <= WORKERS * (1 + len(hurt.get(executor, []))), "more runs were hurt than were under way"
    return charged.total()


def check_outside(world, refused):
    """The SBC has only the rules of the bystanders, Zuora has cancelled each subscription once, no e-mail was sent."""
    staying = {number: len(world.had[number]["rules"]) for number in world.bystanders}
    for rules in (world.sbc.state.live(), world.sbc.state.rules()):
        assert Counter(rule.account for rule in rules.values()) == staying
    cancelled = [subscription for number in world.closing for subscription in world.had[number]["cancel"]]
    orders = world.zuora.state.orders(len(cancelled) + 1)
    ordered = [part["subscriptionNumber"] for order in orders for part in order["subscriptions"]]
    assert Counter(ordered) == Counter(cancelled)
    # Zuora keeps its answer to each idempotency key: there is one key for each cancellation, and one more for each
    # refusal.
    answers = world.zuora.state.rows("SELECT status FROM answer")
    assert sorted(answer["status"] for answer in answers) == [200] * len(cancelled) + list(refused)
    assert {world.zuora.state.subscription(one)["version"] for one in cancelled} == {2}
    assert world.mail.messages() == []


def check_bystanders(connection, world):
    """Accounts that were not deactivated still have everything."""
    for number in world.bystanders:
        had = world.had[number]
        assert accounts.get_account(connection, number).status_words == "active"
        for what in belongings.KINDS:
            assert had[what] - {f"sign-in owner{number}"} == set(belongings.list_labels(connection, number, what))
        in_use = {one.label for one in belongings.list_numbers(connection, number) if one.state == "in_use"}
        assert in_use == had["numbers"]
        assert {world.zuora.state.subscription(one)["version"] for one in had["cancel"]} == {1}


def count_rows(connection, table, *conditions):
    return connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
