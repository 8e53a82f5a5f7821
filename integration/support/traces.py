"""Traces as lists of texts."""


def texts(session, statement):
    """The trace of a request, in the order of time."""
    return [event.description for event in session.execute(statement, trace=True).get_query_trace(max_wait_sec=10).events]


def in_order(steps, said):
    """True if for each step there is an event that begins with it, behind that of the step before."""
    left = iter(said)
    return all(any(text.startswith(step) for text in left) for step in steps)
