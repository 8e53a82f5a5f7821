"""Reads through an index: I2 to I4 of rows that change the group by which they are indexed.

Operations on a row have its number as `row`: writes with `what` = (row, group, value), or (row, None, None) for a deletion. A read of
kind `read` asks for a row, `what` = row, and is answered with None or (group, value, stamp); a `find` asks for a group, `what` = group,
and is answered with the (row, group, value, stamp) that the index gave.
"""

from storm.checks.registers import judge, rule_of
from storm.history import Bound, Operation, Violation


def check(operations):
    """The first thing that is wrong with the history of the rows that share an index's groups, or None."""
    rows = {}
    for operation in operations:
        if operation.kind in ("write", "delete"):
            rows.setdefault(operation.what[0], {})[operation.stamp] = operation
    plain = {row: {stamp: register_write(write) for stamp, write in writes.items()} for row, writes in rows.items()}
    bounds = {row: Bound() for row in rows}
    for row, writes in plain.items():
        for write in writes.values():
            bounds[row].add(write.acknowledged, write.stamp, write)
    reads = sorted((o for o in operations if o.kind in ("read", "find") and o.is_ok), key=lambda read: read.began)
    for read in reads:
        wrong = check_read(read, plain, bounds) if read.kind == "read" else check_find(read, plain, bounds)
        if wrong:
            return Violation(*wrong, operations)
    return None


def register_write(write):
    """A write as that of a register whose value is the group with the value."""
    _, group, value = write.what
    what = None if group is None else (group, value)
    return Operation(write.kind, write.key, what, write.began, write.ended, write.outcome, stamp=write.stamp)


def check_read(read, plain, bounds):
    answer = read.answer and ((read.answer[0], read.answer[1]), read.answer[2])
    return check_row(read, read.what, answer, plain, bounds)


def check_row(read, row, answer, plain, bounds):
    if row not in plain:
        return ("I2", f"row {row} was read, and nobody wrote it") if answer else None
    as_read = Operation("read", row, None, read.began, read.ended, read.outcome, answer)
    wrong, seen = judge(as_read, plain[row], *bounds[row].at(read.began))
    if wrong:
        return wrong[0], f"row {row}: {wrong[1]}"
    if seen is not None:
        bounds[row].add(read.ended, seen, as_read)
    return None


def check_find(read, plain, bounds):
    """What was found is right, and what was not found may be elsewhere."""
    found = {row: ((group, value), stamp) for row, group, value, stamp in read.answer}
    if len(found) < len(read.answer):
        return "I2", f"a row was found twice in group {read.what} at {read.began:.3f}"
    for row, answer in found.items():
        if answer[0][0] != read.what:
            return "I2", f"row {row} of group {answer[0][0]} was found in group {read.what} at {read.began:.3f}"
        wrong = check_row(read, row, answer, plain, bounds)
        if wrong:
            return wrong
    for row in plain.keys() - found.keys():
        least, source = bounds[row].at(read.began)
        if least is not None and not may_be_elsewhere(read, plain[row], least):
            return rule_of(source), f"row {row} was not found in group {read.what} at {read.began:.3f} after {source}"
    return None


def may_be_elsewhere(read, writes, least):
    """True if the row may have been in another group, or deleted, at some moment of the read."""
    return any(
        (write.what is None or write.what[0] != read.what) and write.began < read.ended and write.may_have_happened
        for stamp, write in writes.items()
        if stamp >= least
    )
