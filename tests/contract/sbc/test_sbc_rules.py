"""The SBC client against the stand-in and the real SBC: rules are written, read, replaced and deleted."""

import itertools
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import requests

from lib.clients.sbc import HeldRule, PutResult
from tests.contract.conftest import SBC_TOKEN, auth_rule, new_account

WHO = {"actor": "ada.lane@example.com", "track": "run-1"}


def held(*rules):
    return [HeldRule(rule, rule) for rule in sorted(rules, key=lambda rule: rule.number)]


def reload(sbc_server):
    headers = {"Authorization": f"Bearer {SBC_TOKEN}"}
    assert requests.post(f"{sbc_server.url}/v1/reload", headers=headers, timeout=10).json() == {"reloaded": True}


def test_the_sbc_says_its_version(sbc):
    assert sbc.health().version
    assert sbc.health().version == sbc.health().version.strip()


def test_the_sbc_says_which_emergency_numbers_it_connects(sbc):
    assert sbc.health(quick_seconds=5).emergency == ("000", "106", "112")


def test_a_number_nobody_wrote_has_no_rule(sbc, sbc_server):
    numbers = sbc_server.numbers(3)
    assert sbc.get_rules(numbers) == dict.fromkeys(numbers)
    assert sbc.rules_of_account(new_account()) == []


def test_a_rule_is_read_back_as_it_was_written(sbc, sbc_server):
    account = new_account()
    written = [
        auth_rule(number, account, state=state, trunk=trunk, revision=revision)
        for number, (state, trunk, revision) in zip(
            sbc_server.numbers(8),
            itertools.product(("allowed", "suspended"), ("syd-1", "T_9-" + "x" * 28), (0, 999_999_999)),
            strict=True,
        )
    ]
    assert sbc.put_rules(written, **WHO) == PutResult(8, 8)
    assert sbc.get_rules(rule.number for rule in written) == {rule.number: rule for rule in written}
    assert sbc.rules_of_account(account) == held(*written)


def test_the_longest_account_and_the_shortest_and_longest_numbers_are_taken(sbc):
    account = f"{new_account()}_-{'Z' * 40}"[:32]
    # No country has the code 999.
    written = [auth_rule("+9990000", account), auth_rule("+999000000000000", account)]
    sbc.put_rules(written, **WHO)
    assert sbc.rules_of_account(account) == held(*written)
    sbc.delete_rules([rule.number for rule in written], **WHO)


def test_every_number_asked_for_is_answered_in_the_order_of_the_question(sbc, sbc_server):
    known, other = sbc_server.rules(2), sbc_server.numbers(1)
    sbc.put_rules(known, **WHO)
    asked = [known[1].number, *other, known[0].number, other[0]]
    assert list(sbc.get_rules(asked).items()) == [
        (known[1].number, known[1]),
        (other[0], None),
        (known[0].number, known[0]),
    ]


def test_nothing_asked_is_nothing_answered(sbc):
    assert sbc.get_rules([]) == {}
    assert sbc.put_rules([], **WHO) == PutResult(0, 0)
    assert sbc.delete_rules([], **WHO) is None
    assert sbc.forget_rules([], **WHO) is None
    assert sbc.kept_revisions([]) == {}


def test_the_same_rule_twice_is_one_rule(sbc, sbc_server):
    (rule,) = sbc_server.rules(1)
    assert sbc.put_rules([rule, replace(rule)], **WHO) == PutResult(1, 1)
    assert sbc.get_rules([rule.number, rule.number]) == {rule.number: rule}
    sbc.delete_rules([rule.number, rule.number], **WHO)
    assert sbc.get_rules([rule.number]) == {rule.number: None}


class TestRevisions:
    def test_an_older_one_changes_nothing(self, sbc, sbc_server):
        (rule,) = sbc_server.rules(1, revision=5)
        sbc.put_rules([rule], **WHO)
        late = replace(rule, state="suspended", trunk="mel-1", account=new_account(), revision=4)
        assert sbc.put_rules([late], **WHO) == PutResult(1, 0)
        assert sbc.get_rules([rule.number]) == {rule.number: rule}
        assert sbc.rules_of_account(rule.account) == held(rule)
        assert sbc.rules_of_account(late.account) == []

    def test_the_same_one_repeats(self, sbc, sbc_server):
        (rule,) = sbc_server.rules(1, revision=5)
        assert [sbc.put_rules([rule], **WHO) for _ in range(2)] == [PutResult(1, 1)] * 2
        assert sbc.get_rules([rule.number]) == {rule.number: rule}

    def test_a_newer_one_replaces_all_of_the_rule(self, sbc, sbc_server):
        (rule,) = sbc_server.rules(1, revision=5)
        sbc.put_rules([rule], **WHO)
        newer = replace(rule, state="suspended", trunk="mel-1", account=new_account(), revision=6)
        assert sbc.put_rules([newer], **WHO) == PutResult(1, 1)
        assert sbc.get_rules([rule.number]) == {rule.number: newer}
        assert sbc.rules_of_account(rule.account) == []
        assert sbc.rules_of_account(newer.account) == held(newer)

    def test_each_number_of_a_request_has_its_own(self, sbc, sbc_server):
        rules = sbc_server.rules(3, revision=5)
        sbc.put_rules(rules, **WHO)
        changed = [replace(rule, state="suspended", revision=n) for rule, n in zip(rules, (4, 5, 6), strict=True)]
        assert sbc.put_rules(changed, **WHO) == PutResult(3, 2)
        assert list(sbc.get_rules([rule.number for rule in rules]).values()) == [rules[0], *changed[1:]]

    def test_a_deleted_rule_keeps_its_own(self, sbc, sbc_server):
        (rule,) = sbc_server.rules(1, revision=5)
        sbc.put_rules([rule], **WHO)
        sbc.delete_rules([rule.number], **WHO)
        for late in (1, 5):
            assert sbc.put_rules([replace(rule, revision=late)], **WHO) == PutResult(1, 0)
            assert sbc.get_rules([rule.number]) == {rule.number: None}
        assert sbc.kept_revisions([rule.number]) == {rule.number: 5}
        again = replace(rule, revision=6)
        assert sbc.put_rules([again], **WHO) == PutResult(1, 1)
        assert sbc.get_rules([rule.number]) == {rule.number: again}
        assert sbc.kept_revisions([rule.number, *sbc_server.numbers(1)]) == {rule.number: 6}

    def test_a_deletion_may_say_its_own(self, sbc, sbc_server):
        old, new, none = sbc_server.rules(3, revision=5)
        sbc.put_rules([old, replace(new, revision=8)], **WHO)
        numbers = [rule.number for rule in (old, new, none)]
        sbc.delete_rules(numbers, **WHO, revisions=dict.fromkeys(numbers, 7))
        assert list(sbc.get_rules(numbers).values()) == [None, replace(new, revision=8), None]
        assert sbc.kept_revisions(numbers) == dict(zip(numbers, (7, 8, 7), strict=True))
        late = [replace(rule, revision=7) for rule in (old, new, none)]
        assert sbc.put_rules(late, **WHO) == PutResult(3, 0)
        sbc.delete_rules(numbers, **WHO, revisions=dict.fromkeys(numbers, 3))
        assert sbc.kept_revisions(numbers) == dict(zip(numbers, (7, 8, 7), strict=True))
        assert sbc.put_rules([replace(old, revision=8)], **WHO) == PutResult(1, 1)

    def test_what_is_forgotten_begins_again(self, sbc, sbc_server):
        (rule,) = sbc_server.rules(1, revision=999_999_999)
        sbc.put_rules([rule], **WHO)
        sbc.delete_rules([rule.number], **WHO)
        assert sbc.put_rules([rule], **WHO) == PutResult(1, 0)
        sbc.put_rules([replace(rule, number=sbc_server.numbers(1)[0])], **WHO)
        sbc.forget_rules([rule.number], **WHO)
        assert sbc.kept_revisions([rule.number]) == {}
        first = replace(rule, revision=0)
        assert sbc.put_rules([first], **WHO) == PutResult(1, 1)
        sbc.forget_rules([rule.number], **WHO)
        assert sbc.get_rules([rule.number]) == {rule.number: None}

    def test_of_writers_at_the_same_time_the_newest_one_stays(self, sbc, sbc_server):
        (rule,) = sbc_server.rules(1)
        together = threading.Barrier(4)

        def write(writer):
            together.wait()
            for n in range(1, 26):
                sbc.put_rules([replace(rule, trunk=f"trunk-{writer}", revision=n * 4 + writer)], **WHO)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))
        newest = replace(rule, trunk="trunk-3", revision=103)
        assert sbc.get_rules([rule.number]) == {rule.number: newest}
        assert sbc.rules_of_account(rule.account) == held(newest)


class TestDeleting:
    def test_a_deleted_rule_is_gone_everywhere_and_no_other_is(self, sbc, sbc_server):
        rules = sbc_server.rules(3)
        sbc.put_rules(rules, **WHO)
        sbc.delete_rules([rules[0].number, rules[2].number], **WHO)
        assert list(sbc.get_rules([rule.number for rule in rules]).values()) == [None, rules[1], None]
        assert sbc.rules_of_account(rules[0].account) == held(rules[1])

    def test_it_may_be_repeated_and_meet_numbers_without_a_rule(self, sbc, sbc_server):
        (rule,) = sbc_server.rules(1)
        sbc.put_rules([rule], **WHO)
        for _ in range(2):
            sbc.delete_rules([*sbc_server.numbers(1), rule.number], **WHO)
        assert sbc.get_rules([rule.number]) == {rule.number: None}


class TestMany:
    def test_ten_thousand_rules_are_written_read_and_deleted(self, sbc, sbc_server):
        rules = sbc_server.rules(10_000)
        numbers = [rule.number for rule in rules]
        assert sbc.put_rules(rules, **WHO) == PutResult(10_000, 10_000)
        assert list(sbc.get_rules(numbers).values()) == rules
        assert sbc.rules_of_account(rules[0].account) == held(*rules)
        sbc.delete_rules(numbers, **WHO)
        assert sbc.rules_of_account(rules[0].account) == []
        assert sbc.get_rules(numbers) == dict.fromkeys(numbers)

    @pytest.mark.parametrize("count", [999, 1000, 1001, 2000])
    def test_an_account_is_read_to_the_end_of_its_last_page(self, sbc, sbc_server, count):
        rules = sbc_server.rules(count)
        sbc.put_rules(rules, **WHO)
        assert sbc.rules_of_account(rules[0].account) == held(*rules)
        # Numbers of another account are in between.
        sbc.put_rules([replace(rule, account=new_account()) for rule in rules[::7]], **WHO)
        assert sbc.rules_of_account(rules[0].account) == held(*(rule for n, rule in enumerate(rules) if n % 7))

    def test_callers_at_the_same_time_do_not_disturb_each_other(self, sbc, sbc_server):
        families = [sbc_server.rules(150) for _ in range(6)]

        def write_and_read(rules):
            sbc.put_rules(rules, **WHO)
            return sbc.get_rules(rule.number for rule in rules), sbc.rules_of_account(rules[0].account)

        with ThreadPoolExecutor(6) as pool:
            read = list(pool.map(write_and_read, families))
        for rules, (live, kept) in zip(families, read, strict=True):
            assert list(live.values()) == rules
            assert kept == held(*rules)


class TestOutOfStep:
    """What calls use and what the SBC keeps may differ when somebody has written directly into its database."""

    def test_both_are_reported(self, sbc, sbc_server):
        rules = sbc_server.rules(3)
        sbc.put_rules(rules[:2], **WHO)
        changed = replace(rules[0], state="suspended", trunk="mel-1", revision=9)
        sbc_server.change_row(changed)
        sbc_server.remove_row(rules[1].number)
        sbc_server.change_row(rules[2])
        assert list(sbc.get_rules([rule.number for rule in rules]).values()) == [rules[0], rules[1], None]
        assert sbc.rules_of_account(rules[0].account) == [HeldRule(changed, rules[0]), HeldRule(rules[2], None)]
        reload(sbc_server)
        assert list(sbc.get_rules([rule.number for rule in rules]).values()) == [changed, None, rules[2]]
        assert sbc.rules_of_account(rules[0].account) == held(changed, rules[2])

    def test_the_live_rule_may_be_of_another_account(self, sbc, sbc_server):
        (rule,) = sbc_server.rules(1)
        sbc.put_rules([rule], **WHO)
        moved = replace(rule, account=new_account())
        sbc_server.change_row(moved)
        assert sbc.rules_of_account(rule.account) == []
        assert sbc.rules_of_account(moved.account) == [HeldRule(moved, rule)]

    def test_writing_the_rule_makes_both_the_same(self, sbc, sbc_server):
        (rule,) = sbc_server.rules(1)
        sbc_server.change_row(rule)
        newer = replace(rule, revision=2)
        sbc.put_rules([newer], **WHO)
        assert sbc.rules_of_account(rule.account) == held(newer)

    def test_an_older_write_leaves_them_different(self, sbc, sbc_server):
        """Only reading back shows it: the SBC's `applied` is about rows, not calls."""
        (rule,) = sbc_server.rules(1)
        sbc_server.change_row(replace(rule, revision=7))
        assert sbc.put_rules([rule], **WHO) == PutResult(1, 0)
        assert sbc.get_rules([rule.number]) == {rule.number: None}


def logged(sbc_server, track, count):
    """The lines of the log with this request id, which a real SBC may write a moment after its answer."""
    wanted = re.compile(rf"request='?{track}\b")
    until = time.monotonic() + 30
    while True:
        lines = [line for line in sbc_server.log().splitlines() if wanted.search(line)]
        if len(lines) >= count or time.monotonic() > until:
            assert len(lines) == count
            return lines
        time.sleep(0.02)


class TestTheLog:
    def test_a_change_is_found_by_its_track_and_names_nobody(self, sbc, sbc_server):
        rules = sbc_server.rules(2)
        track = f"run:{rules[0].account} step;1"
        sbc.put_rules(rules, actor="ada.lane@example.com", track=track)
        sbc.delete_rules([rules[0].number], actor="ada.lane@example.com", track=track)
        lines = logged(sbc_server, f"run-{rules[0].account}-step-1", 2)
        # The first twelve digits of the SHA-256 of the address.
        assert all("1610ac8d3899" in line for line in lines)
        assert "example.com" not in sbc_server.log()
        assert "ada" not in " ".join(lines)
        assert SBC_TOKEN not in sbc_server.log()

    def test_another_person_is_another_name_there(self, sbc, sbc_server):
        (rule,) = sbc_server.rules(1)
        for actor in ("grace@example.com", "ada.lane@example.com", "grace@example.com"):
            sbc.put_rules([rule], actor=actor, track=rule.account)
        lines = logged(sbc_server, rule.account, 3)
        assert [("1610ac8d3899" in line) for line in lines] == [False, True, False]
