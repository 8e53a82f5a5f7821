"""A keyspace that is held to a rate is answered Overloaded beyond it, and no other is."""

from cassandra.protocol import OverloadedErrorMessage

RATE = 50
ARGUMENTS = ["--set", f"requests_per_second_by_keyspace=held={RATE}"]


def test_a_keyspace_is_held_to_its_rate(node, clients):
    session = clients.session()
    for keyspace in ("held", "free"):
        session.execute(f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}")
        session.execute(f"CREATE TABLE {keyspace}.t (k int PRIMARY KEY)")
    count = 10 * RATE
    assert refusals(session, "INSERT INTO free.t (k) VALUES (?)", range(count)) == 0
    # All come within a fraction of a second; on a slow machine more of them are in time, but not all.
    assert 0 < refusals(session, "INSERT INTO held.t (k) VALUES (?)", range(count)) < count
    assert 0 < refusals(session, "SELECT k FROM held.t WHERE k = ?", [1] * count) < count, "also from memory"
    # What drivers need to know is never refused.
    assert all(session.execute("SELECT key FROM system.local").one() for _ in range(count))


def refusals(session, text, keys):
    statement = session.prepare(text)
    return sum(is_refused(future) for future in [session.execute_async(statement, (key,)) for key in keys])


def is_refused(future):
    try:
        future.result()
        return False
    except OverloadedErrorMessage as error:
        assert "keyspace held is held to 50 requests a second" in str(error), error
        return True
