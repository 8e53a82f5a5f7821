"""The checks of `integration/chaos` find what breaks each rule in histories made by hand, and nothing in those that are right."""

import pytest
from cassandra import OperationTimedOut, Unavailable, WriteTimeout
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionException
from cassandra.protocol import OverloadedErrorMessage

from storm.checks import batches, counters, elements, indexes, linear, registers
from storm.history import FOREVER, OK, REFUSED, UNKNOWN, Operation, outcome_of
from storm.plan import draw_plan, parse_plan


def ok(kind, began, ended, what=None, answer=None, stamp=None):
    return Operation(kind, 1, what, began, ended, OK, answer, stamp)


def unknown(kind, began, what=None, stamp=None):
    return Operation(kind, 1, what, began, began + 2, UNKNOWN, None, stamp)


def refused(kind, began, what=None, stamp=None):
    return Operation(kind, 1, what, began, began + 2, REFUSED, None, stamp)


def read(began, ended, answer):
    return ok("read", began, ended, answer=answer)


def rule_of(violation):
    return violation and violation.rule


WRITE_5 = ok("write", 0, 1, 5, stamp=10)
DELETE = ok("delete", 2, 3, None, stamp=20)
REGISTERS = [
    (None, [WRITE_5, read(2, 3, (5, 10))]),
    (None, [WRITE_5, read(0.5, 3, None)]),
    (None, [WRITE_5, unknown("delete", 2, None, 20), read(5, 6, None), read(7, 8, None)]),
    (None, [WRITE_5, unknown("write", 2, 6, 20), read(5, 6, (5, 10)), read(7, 8, (6, 20))]),
    (None, [WRITE_5, DELETE, ok("write", 4, 5, 6, stamp=15), read(6, 7, None)]),
    ("I3", [WRITE_5, read(2, 3, None)]),
    ("I3", [WRITE_5, ok("write", 2, 3, 6, stamp=20), read(4, 5, (5, 10))]),
    ("I4", [WRITE_5, unknown("write", 2, 6, 20), read(5, 6, (6, 20)), read(7, 8, (5, 10))]),
    ("I4", [unknown("write", 0, 6, 20), read(3, 4, (6, 20)), read(5, 6, None)]),
    ("I4", [WRITE_5, unknown("delete", 2, None, 20), read(3, 4, None), read(5, 6, (5, 10))]),
    ("I12", [WRITE_5, DELETE, read(4, 5, (5, 10))]),
    ("I2", [WRITE_5, read(2, 3, (6, 10))]),
    ("I2", [WRITE_5, read(2, 3, (5, 11))]),
    ("I2", [read(0, 1, (5, 10)), ok("write", 2, 3, 5, stamp=10)]),
    ("I39", [refused("write", 0, 5, 10), read(3, 4, (5, 10))]),
]


@pytest.mark.parametrize("rule, history", REGISTERS)
def test_registers(rule, history):
    assert rule_of(registers.check(history)) == rule


FIRST, SECOND = ok("write", 0, 1, 5), ok("write", 4, 5, 6)
STAMPED = [
    (None, [FIRST, SECOND, read(6, 7, (6, 20)), read(2, 3, (5, 10))]),
    (None, [FIRST, ok("write", 1.5, 2, 6), read(6, 7, (5, 10))]),
    ("I35", [FIRST, SECOND, read(6, 7, (5, 10))]),
    ("I3", [FIRST, read(2, 3, None)]),
    ("I3", [FIRST, ok("write", 1.5, 2, 6), read(1.7, 3, (6, 20)), read(4, 5, (5, 10))]),
    ("I4", [FIRST, unknown("write", 1.5, 6), read(4, 5, (6, 20)), read(6, 7, (5, 10))]),
    ("I2", [FIRST, read(2, 3, (5, 10)), read(4, 5, (5, 11))]),
    ("I39", [refused("write", 0, 5), read(3, 4, (5, 10))]),
]


@pytest.mark.parametrize("rule, history", STAMPED)
def test_stamps_of_nodes(rule, history):
    assert rule_of(registers.check_stamps_of_nodes(history)) == rule


INSERT = ok("insert", 0, 1, 1, (True, None))
LINEAR = [
    (None, [INSERT, ok("swap", 2, 3, (1, 2), (True, None)), read(4, 5, 2)]),
    (None, [INSERT, ok("swap", 2, 5, (1, 2), (True, None)), ok("swap", 2, 5, (1, 3), (False, 2)), read(3, 4, 1)]),
    (None, [INSERT, unknown("swap", 2, (1, 2)), read(3, 4, 1), read(9, 10, 2)]),
    (None, [INSERT, unknown("delete", 2), ok("insert", 9, 10, 4, (True, None)), read(11, 12, 4)]),
    (None, [INSERT, unknown("put", 2, 2), ok("put", 5, 6, 3, (True, None)), read(7, 8, 3)]),
    (None, [ok("put", 0, 1, 3, (False, None)), ok("swap", 2, 3, (1, 2), (False, None)), read(4, 5, None)]),
    ("I5", [INSERT, ok("swap", 2, 3, (1, 2), (True, None)), read(4, 5, 1)]),
    ("I5", [INSERT, ok("swap", 2, 3, (1, 2), (True, None)), ok("swap", 2, 3, (1, 3), (True, None)), read(4, 5, 3)]),
    ("I5", [INSERT, unknown("swap", 2, (1, 2)), read(3, 4, 2), read(9, 10, 1)]),
    ("I5", [INSERT, ok("put", 2, 3, 2, (False, None))]),
    ("I5", [INSERT, ok("delete", 2, 3, None, (True, None)), ok("insert", 4, 5, 2, (False, 1))]),
    ("I5", [INSERT, ok("swap", 2, 3, (7, 2), (False, 1)), read(4, 5, 2)]),
    ("I2", [INSERT, read(2, 3, 9)]),
    ("I2", [read(0, 1, 1), ok("insert", 2, 3, 1, (True, None))]),
    ("I39", [INSERT, refused("swap", 2, (1, 2)), read(5, 6, 2)]),
]


@pytest.mark.parametrize("rule, history", LINEAR)
def test_conditional_writes(rule, history):
    assert rule_of(linear.check(history)) == rule


def test_a_violation_ends_with_what_cannot_be():
    wrong = [INSERT, ok("swap", 2, 3, (1, 2), (True, None)), read(4, 5, 1)]
    violation = linear.check([*wrong, read(6, 7, 2), unknown("put", 8, 3)])
    assert violation.history == wrong and "5.000" in violation.about


def test_search_for_an_order_is_quick_where_much_is_in_doubt():
    history = [INSERT]
    for number in range(2, 60):
        history += [unknown("swap", number, (number - 1, number)), read(number + 3, number + 4, number)]
    assert linear.check(history) is None
    assert rule_of(linear.check([*history, read(100, 101, 30)])) == "I5"


ADD, REMOVE = ok("add", 0, 1, "a"), ok("remove", 2, 3, "a")
SETS = [
    (None, [ADD, read(2, 3, ["a"]), REMOVE, read(4, 5, [])]),
    (None, [ADD, unknown("remove", 2, "a"), read(3, 4, []), read(5, 6, [])]),
    (None, [unknown("add", 0, "a"), read(3, 4, []), read(5, 6, ["a"])]),
    ("I3", [ADD, read(2, 3, [])]),
    ("I3", [ADD, refused("remove", 2, "a"), read(5, 6, [])]),
    ("I4", [unknown("add", 0, "a"), read(3, 4, ["a"]), read(5, 6, [])]),
    ("I12", [ADD, REMOVE, read(4, 5, ["a"])]),
    ("I12", [ADD, unknown("remove", 2, "a"), read(3, 4, []), read(5, 6, ["a"])]),
    ("I2", [ADD, read(2, 3, ["a", "b"])]),
    ("I2", [read(0, 1, ["a"]), ok("add", 2, 3, "a")]),
    ("I39", [refused("add", 0, "a"), read(3, 4, ["a"])]),
]


@pytest.mark.parametrize("rule, history", SETS)
def test_sets(rule, history):
    assert rule_of(elements.check_set(history)) == rule


LISTS = [
    (None, [ADD, ok("add", 0, 1, "b"), read(2, 3, ["b", "a"]), read(4, 5, ["b", "a"])]),
    ("I4", [ADD, ok("add", 0, 1, "b"), read(2, 3, ["b", "a"]), read(4, 5, ["a", "b"])]),
    ("I2", [ADD, read(2, 3, ["a", "a"])]),
    ("I3", [ADD, read(2, 3, [])]),
]


@pytest.mark.parametrize("rule, history", LISTS)
def test_lists(rule, history):
    assert rule_of(elements.check_list(history)) == rule


COUNTERS = [
    (None, [ok("add", 0, 1, 10), unknown("add", 0, 1), read(3, 4, 10), read(5, 6, 11)]),
    (None, [ok("add", 0, 1, 10), refused("add", 0, 1), read(3, 4, 10)]),
    ("I21", [ok("add", 0, 1, 10), read(2, 3, 0)]),
    ("I21", [ok("add", 0, 1, 10), read(2, 3, 20)]),
    ("I21", [ok("add", 0, 1, 10), refused("add", 0, 1), read(3, 4, 11)]),
    ("I21", [ok("add", 0, 1, 10), unknown("add", 0, 100), read(3, 4, 60)]),
    ("I4", [unknown("add", 0, 10), read(3, 4, 10), read(5, 6, 0)]),
]


@pytest.mark.parametrize("rule, history", COUNTERS)
def test_counters(rule, history):
    assert rule_of(counters.check(history)) == rule


def rows(kind, began, there, asked=(0, 1)):
    return ok(kind, began, began + 1, asked, there)


BATCHES = [
    (None, [ok("write", 0, 1), rows("read", 2, [0, 1]), rows("last", 9, [0, 1])]),
    (None, [unknown("write", 0), rows("read", 1, [0]), rows("last", 9, [0, 1])]),
    (None, [unknown("write", 0), rows("last", 9, []), rows("last", 9, [], (2, 3))]),
    ("I20", [unknown("write", 0), rows("last", 9, [0])]),
    ("I20", [unknown("write", 0), rows("last", 9, [0, 1]), rows("last", 9, [], (2, 3))]),
    ("I3", [ok("write", 0, 1), rows("read", 2, [0])]),
    ("I4", [unknown("write", 0), rows("read", 1, [0]), rows("read", 3, [])]),
    ("I2", [rows("read", 0, [0]), ok("write", 2, 3)]),
    ("I39", [refused("write", 0), rows("last", 9, [0, 1])]),
]


@pytest.mark.parametrize("rule, history", BATCHES)
def test_batches(rule, history):
    assert rule_of(batches.check(history)) == rule


def put(began, ended, row, group, value, stamp):
    return ok("write", began, ended, (row, group, value), stamp=stamp)


def find(began, ended, group, answer):
    return ok("find", began, ended, group, answer)


IN_7 = put(0, 1, 1, 7, "x", 10)
INDEXES = [
    (None, [IN_7, find(2, 3, 7, [(1, 7, "x", 10)]), find(2, 3, 8, [])]),
    (None, [IN_7, put(2, 5, 1, 8, "y", 20), find(3, 4, 7, [])]),
    (None, [IN_7, unknown("delete", 2, (1, None, None), 20), find(5, 6, 7, [])]),
    ("I3", [IN_7, find(2, 3, 7, [])]),
    ("I3", [IN_7, put(2, 3, 1, 8, "y", 20), find(4, 5, 7, [(1, 7, "x", 10)])]),
    ("I4", [unknown("write", 0, (1, 7, "x"), 10), find(3, 4, 7, [(1, 7, "x", 10)]), find(5, 6, 7, [])]),
    ("I12", [IN_7, ok("delete", 2, 3, (1, None, None), stamp=20), ok("read", 4, 5, 1, (7, "x", 10))]),
    ("I2", [IN_7, find(2, 3, 8, [(1, 7, "x", 10)])]),
    ("I2", [IN_7, find(2, 3, 7, [(1, 7, "x", 10), (1, 7, "x", 10)])]),
    ("I2", [IN_7, find(2, 3, 7, [(2, 7, "z", 10)])]),
    ("I39", [refused("write", 0, (1, 7, "x"), 10), find(3, 4, 7, [(1, 7, "x", 10)])]),
]


@pytest.mark.parametrize("rule, history", INDEXES)
def test_indexes(rule, history):
    assert rule_of(indexes.check(history)) == rule


def test_refused_is_only_what_cannot_have_happened():
    assert outcome_of(Unavailable("no")) == REFUSED
    assert outcome_of(NoHostAvailable("no", {"a": ConnectionException("down")})) == REFUSED
    assert outcome_of(NoHostAvailable("no", {"a": OperationTimedOut()})) == UNKNOWN
    assert outcome_of(OverloadedErrorMessage(0x1001, "busy", None)) == REFUSED
    assert outcome_of(ConnectionException("it broke while the request was under way")) == UNKNOWN
    assert outcome_of(WriteTimeout("late", write_type=0)) == UNKNOWN
    assert unknown("write", 0).acknowledged == FOREVER


def test_plan_is_the_seeds_and_can_be_read_back():
    plan = draw_plan(7, 600, 3, [2])
    assert plan == draw_plan(7, 600, 3, [2]) != draw_plan(8, 600, 3, [2])
    assert {fault.kind for fault in plan} == {"kill", "restart", "stop", "stutter", "cut", "isolate", "delay", "loss", "full", "clock"}
    assert parse_plan("\n".join(map(str, plan)), 3) == plan
    assert all(fault.nodes == (2,) for fault in plan if fault.kind == "full")
    assert not any(fault.kind == "full" for fault in draw_plan(7, 600, 3, []))
    for wrong in ("at 1 for 2 burn 1", "at 1 for 2 kill 9", "at 1 for 2 delay 1>2", "kill 1"):
        with pytest.raises(SystemExit):
            parse_plan(wrong, 3)
