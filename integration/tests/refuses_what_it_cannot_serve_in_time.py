"""More requests at once than a node takes in: those beyond the bound hear so at once, and what was answered as written is there.

Cassandra bounds bytes only, and refuses with `native_transport_throw_on_overload` or if the client asks for it; Henge always does.
"""

from cassandra.protocol import OverloadedErrorMessage

# One address may have half of them: more than a driver asks for at once to learn of the schema.
ARGUMENTS = ["--set", "native_transport_max_concurrent_requests=64"]
WRITES = range(2000)


def test_requests_beyond_the_bound_are_refused_and_the_others_done(node, clients):
    session = clients.keyspace("crowded")
    session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
    insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
    outcomes = {k: outcome(future) for k, future in [(k, session.execute_async(insert, (k, f"row {k}"))) for k in WRITES]}

    refused = {k for k, error in outcomes.items() if error}
    written = set(outcomes) - refused
    assert refused and written
    assert "Request breached limit of 32 requests in flight." in str(outcomes[min(refused)])
    found = {row.k: row.v for row in session.execute("SELECT k, v FROM t")}
    assert found == {k: f"row {k}" for k in written}, "a refused request is not begun"


def outcome(future):
    """`None`, or the error that says that the node is overloaded; any other is raised."""
    try:
        future.result()
        return None
    except OverloadedErrorMessage as error:
        return error
