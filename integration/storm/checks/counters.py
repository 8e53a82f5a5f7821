"""Counters that are only counted up: I21, and I4 for their reads."""

from storm.history import FOREVER, Bound, Violation


def check(operations):
    """The first thing that is wrong with the history of one counter, or None. `what` of an addition is what it adds."""
    additions = [operation for operation in operations if operation.kind == "add" and operation.may_have_happened]
    reads = sorted((o for o in operations if o.kind == "read" and o.is_ok), key=lambda read: read.began)
    seen = Bound()
    for read in reads:
        value = read.answer
        least = sum(addition.what for addition in additions if addition.acknowledged < read.began)
        most = sum(addition.what for addition in additions if addition.began < read.ended)
        if not least <= value <= most:
            return Violation("I21", f"{value} was read at {read.began:.3f}, and {least} to {most} are possible", operations)
        before, source = seen.at(read.began)
        if before is not None and value < before:
            return Violation("I4", f"{value} was read at {read.began:.3f} after {source}", operations)
        seen.add(read.ended, value, read)
    return check_last(operations, additions, reads)


def check_last(operations, additions, reads):
    """What is read after everything is the sum of what was acknowledged and of some of what is in doubt."""
    last = reads[-1] if reads else None
    if not last or any(addition.began >= last.began for addition in additions):
        return None
    if any(last.began <= addition.ended < FOREVER for addition in additions):
        return None
    sums = {sum(addition.what for addition in additions if addition.is_ok)}
    for addition in additions:
        if not addition.is_ok:
            sums |= {total + addition.what for total in sums}
    if last.answer not in sums:
        return Violation("I21", f"{last.answer} is not the sum of what was acknowledged and of some of what is in doubt", operations)
    return None
