"""Rows that are written whole, deleted whole and read with the time of their write: I1 to I4, I12, I35 and I39.

A write is `what` = its value with `stamp` = its timestamp if the client gave one; `what` = None is a deletion. A read's answer is None or
(value, timestamp). Values are unique.
"""

from storm.history import FOREVER, Bound, Violation

# Two writes whose stamps nodes gave are in the order in which they happened if so many seconds lay between them: clocks that are trusted
# differ by 0.8 s, and stamps run ahead by half a second.
STAMP_MARGIN = 2.0


def check(operations):
    """The first thing that is wrong with the history of one row with timestamps of clients, or None."""
    writes = {operation.stamp: operation for operation in operations if operation.kind != "read"}
    bound = Bound()
    for write in writes.values():
        bound.add(write.acknowledged, write.stamp, write)
    for read in reads_of(operations):
        wrong, seen = judge(read, writes, *bound.at(read.began))
        if wrong:
            return Violation(*wrong, operations)
        if seen is not None:
            bound.add(read.ended, seen, read)
    return None


def reads_of(operations):
    reads = [operation for operation in operations if operation.kind == "read" and operation.is_ok]
    return sorted(reads, key=lambda read: read.began)


def judge(read, writes, least, source):
    """A rule and what breaks it, and the oldest stamp that this read can have seen."""
    if read.answer is None:
        return judge_nothing(read, writes, least, source)
    value, stamp = read.answer
    write = writes.get(stamp)
    if write is None or write.what != value or write.began >= read.ended:
        return ("I2", f"{value} with stamp {stamp} was read, and nobody wrote it"), None
    if not write.may_have_happened:
        return ("I39", f"{value} was read, and its write had been answered as certainly failed"), None
    if least is not None and stamp < least:
        return (rule_of(source), f"{value} with stamp {stamp} was read at {read.began:.3f} after {source}"), None
    return None, stamp


def judge_nothing(read, writes, least, source):
    if least is None:
        return None, None
    deletions = [
        stamp
        for stamp, write in writes.items()
        if write.what is None and stamp >= least and write.began < read.ended and write.may_have_happened
    ]
    if not deletions:
        return (rule_of(source), f"nothing was read at {read.began:.3f} after {source}"), None
    return None, min(deletions)


def rule_of(source):
    if source.kind == "read":
        return "I4"
    return "I12" if source.what is None else "I3"


def check_stamps_of_nodes(operations):
    """The same for a row that is never deleted and whose stamps are given by nodes: they are known of what was read."""
    writes = {operation.what: operation for operation in operations if operation.kind == "write"}
    stamps = {}
    reads = reads_of(operations)
    for read in reads:
        if read.answer is None:
            continue
        value, stamp = read.answer
        write = writes.get(value)
        if write is None or write.began >= read.ended or stamps.setdefault(value, stamp) != stamp:
            return Violation("I2", f"{value} with stamp {stamp} was read, and nobody wrote it so", operations)
        if not write.may_have_happened:
            return Violation("I39", f"{value} was read, and its write had been answered as certainly failed", operations)
    bound = Bound()
    for value, write in writes.items():
        bound.add(write.acknowledged, stamps.get(value, 0), write)
    for read in reads:
        least, source = bound.at(read.began)
        stamp = read.answer[1] if read.answer else None
        if least is not None and (stamp is None or stamp < least):
            return Violation(rule_of(source), f"{read.answer} was read at {read.began:.3f} after {source}", operations)
        if stamp is not None:
            later = overtaken(read, writes)
            if later:
                return Violation("I35", f"{read.answer} was read at {read.began:.3f} after {later}, which began long after it", operations)
            bound.add(read.ended, stamp, read)
    return None


def overtaken(read, writes):
    """A write that was acknowledged before the read and began long after what was read had been acknowledged."""
    ended = writes[read.answer[0]].acknowledged
    if ended == FOREVER:
        return None
    return next((write for write in writes.values() if write.acknowledged < read.began and write.began > ended + STAMP_MARGIN), None)
