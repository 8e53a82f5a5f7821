"""Logged batches, each of rows of its own: I20, I2 to I4 and I39.

The key is the batch. A read asks for some of its rows, `what`, and its answer is those that were there. Reads of kind `last` are made once
everything has healed.
"""

from storm.history import FOREVER, Violation


def check(operations):
    """The first thing that is wrong with the history of one batch, or None."""
    write = next((operation for operation in operations if operation.kind == "write"), None)
    reads = sorted((o for o in operations if o.kind in ("read", "last") and o.is_ok), key=lambda read: read.began)
    seen = {}
    for read in reads:
        there, missing = set(read.answer), set(read.what) - set(read.answer)
        if there and (write is None or write.began >= read.ended):
            return Violation("I2", f"rows {sorted(there)} were read, and nobody wrote them", operations)
        if there and not write.may_have_happened:
            return Violation("I39", "its rows were read, and it had been answered as certainly failed", operations)
        if missing and write and write.acknowledged < read.began:
            return Violation("I3", f"rows {sorted(missing)} were not read at {read.began:.3f}, after it was acknowledged", operations)
        gone = sorted(row for row in missing if seen.get(row, FOREVER) < read.began)
        if gone:
            return Violation("I4", f"rows {gone} were not read at {read.began:.3f}, and had been read before", operations)
        for row in there:
            seen[row] = min(seen.get(row, FOREVER), read.ended)
    last = [read for read in reads if read.kind == "last"]
    there, asked = {row for read in last for row in read.answer}, {row for read in last for row in read.what}
    if there and there != asked:
        return Violation("I20", f"after all has healed only rows {sorted(there)} of {sorted(asked)} are there", operations)
    return None
