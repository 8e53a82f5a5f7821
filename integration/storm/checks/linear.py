"""Conditional writes and SERIAL reads of a row happen one after another, each between its begin and its end: I5.

The search is that of Wing and Gong with Lowe's memory: an order of operations is looked for in which each is possible, and no set of
operations is tried twice with the same row. Values are unique. `what` of an operation is its new value, or (expected, new) for `swap`;
an answer is (applied, the value that was there or None), of a read the value or None.
"""

from storm.history import FOREVER, Operation, Violation

# States that are looked at for one history before it is given up as undecided.
STATES_MAX = 2_000_000


class Undecided(Exception):
    """The search took too many steps."""


def check(operations):
    """The first thing that is wrong with the history of one row, or None."""
    values = {new_value(operation): operation for operation in operations if new_value(operation) is not None}
    for operation in operations:
        value = seen_value(operation)
        if value is None:
            continue
        write = values.get(value)
        if write is None or write.began >= operation.ended:
            return Violation("I2", f"{value} was seen, and nobody wrote it", operations)
        if not write.may_have_happened:
            return Violation("I39", f"{value} was seen, and its write had been answered as certainly failed", operations)
        if write.is_ok and not write.answer[0]:
            return Violation("I5", f"{value} was seen, and its write had been answered as not applied", operations)
    if not has_order(relevant(operations)):
        end, known = shortest(operations)
        return Violation("I5", f"no order is possible of what was known at {end:.3f}", known)
    return None


def shortest(operations):
    """The first moment at which no order was possible, and the operations of that time: who looked then had no answer of those under way."""
    for end in sorted(operation.ended for operation in operations if operation.is_ok):
        known = [as_of(operation, end) for operation in operations if operation.began <= end]
        if not has_order(relevant(known)):
            return end, [operation for operation in operations if operation.began <= end]
    return FOREVER, operations


def as_of(operation, end):
    """An operation as it was known at a moment."""
    if operation.ended <= end:
        return operation
    return Operation(operation.kind, operation.key, operation.what, operation.began)


def new_value(operation):
    """The value that an operation writes."""
    if operation.kind == "swap":
        return operation.what[1]
    return operation.what if operation.kind in ("insert", "put") else None


def seen_value(operation):
    """The value that an operation has certainly found."""
    if not operation.is_ok:
        return None
    if operation.kind == "read":
        return operation.answer
    applied, found = operation.answer
    return None if applied else found


def relevant(operations):
    """What the search has to place: what is known, and what may have happened and can matter. A write of a row that is there anyway, whose
    value nobody met, changes nothing for others."""
    met = {seen_value(operation) for operation in operations}
    met |= {operation.what[0] for operation in operations if operation.kind == "swap"}
    chosen = []
    for operation in operations:
        if operation.is_ok:
            chosen.append(operation)
        elif operation.may_have_happened and operation.kind != "read":
            if operation.kind in ("insert", "delete") or new_value(operation) in met:
                chosen.append(operation)
    return chosen


def step(operation, row):
    """The row after an operation with its answer, as a tuple of one, or None if it is impossible."""
    kind = operation.kind
    if kind == "read":
        return (row,) if operation.answer == row else None
    if operation.is_ok and not operation.answer[0]:
        return not_applied(operation, row)
    is_possible = {
        "insert": row is None,
        "put": row is not None,
        "delete": row is not None,
        "swap": kind == "swap" and row == operation.what[0],
    }[kind]
    return (new_value(operation),) if is_possible else None


def not_applied(operation, row):
    found = operation.answer[1]
    if operation.kind == "insert":
        is_possible = row is not None and found == row
    elif operation.kind == "swap":
        is_possible = found == row and row != operation.what[0]
    else:
        is_possible = row is None
    return (row,) if is_possible else None


def has_order(operations):
    """True if all operations that are known to have ended can be put into an order; of the others any."""
    operations = sorted(operations, key=lambda operation: operation.began)
    ends = [operation.acknowledged for operation in operations]
    must = sum(1 << at for at, end in enumerate(ends) if end < FOREVER)
    seen, stack = set(), [(0, None)]
    while stack:
        done, row = stack.pop()
        if done & must == must:
            return True
        if (done, row) in seen:
            continue
        seen.add((done, row))
        if len(seen) > STATES_MAX:
            raise Undecided
        first_end = min(end for at, end in enumerate(ends) if not done >> at & 1)
        # What is tried last here is taken first: what began first.
        for at in reversed(range(len(operations))):
            if not done >> at & 1 and operations[at].began <= first_end:
                after = step(operations[at], row)
                if after:
                    stack.append((done | 1 << at, after[0]))
    return False
