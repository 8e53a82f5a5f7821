"""Elements of sets and lists: I1 to I4, I12 and I39. Elements are unique; `what` is the element, an answer the elements in their order."""

from graphlib import CycleError, TopologicalSorter

from storm.history import FOREVER, Violation


def check_set(operations):
    """The first thing that is wrong with the history of one set, into which an element comes once and which it leaves once at most, or
    None."""
    return check_elements(operations)


def check_list(operations):
    """The same for a list that is appended to; elements that were there once stay in their order."""
    for read in reads_of(operations):
        if len(read.answer) != len(set(read.answer)):
            return Violation("I2", f"an element was appended once and is there twice: {read.answer}", operations)
    wrong = check_elements(operations)
    if wrong:
        return wrong
    followers = {}
    for read in reads_of(operations):
        for before, after in zip(read.answer, read.answer[1:]):
            followers.setdefault(after, set()).add(before)
    try:
        tuple(TopologicalSorter(followers).static_order())
    except CycleError as cycle:
        return Violation("I4", f"elements of a list were read in different orders: {cycle.args[1]}", operations)
    return None


def reads_of(operations):
    reads = [operation for operation in operations if operation.kind == "read" and operation.is_ok]
    return sorted(reads, key=lambda read: read.began)


def check_elements(operations):
    added = {operation.what: operation for operation in operations if operation.kind == "add"}
    removed = {operation.what: operation for operation in operations if operation.kind == "remove"}
    reads = [(read, set(read.answer)) for read in reads_of(operations)]
    for read, elements in reads:
        for element in elements - added.keys():
            return Violation("I2", f"{element} was read, and nobody wrote it", operations)
    for element, add in added.items():
        wrong = check_element(element, add, removed.get(element), reads)
        if wrong:
            return Violation(*wrong, operations)
    return None


def check_element(element, add, remove, reads):
    """A rule and what breaks it, for one element."""
    may_leave = remove is not None and remove.may_have_happened
    there_since, gone_since = add.acknowledged, remove.acknowledged if remove else FOREVER
    there_rule, gone_rule = "I3", "I12"
    for read, elements in reads:
        if element in elements:
            if not add.may_have_happened:
                return "I39", f"{element} was read, and its write had been answered as certainly failed"
            if add.began >= read.ended:
                return "I2", f"{element} was read before it was written"
            if gone_since < read.began:
                return gone_rule, f"{element} was read at {read.began:.3f}, and was gone at {gone_since:.3f}"
            if read.ended < there_since:
                there_since, there_rule = read.ended, "I4"
        elif there_since < read.began:
            if not may_leave or remove.began >= read.ended:
                return there_rule, f"{element} was not read at {read.began:.3f}, and was there at {there_since:.3f}"
            if read.ended < gone_since:
                gone_since, gone_rule = read.ended, "I12"
    return None
