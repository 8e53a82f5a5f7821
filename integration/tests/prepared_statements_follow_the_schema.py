"""A change of the schema that gives a prepared statement other bind markers or result columns is told to clients before they are
answered rows that they would read under the old columns. Seen in the frames, for drivers hide it by preparing again."""

import itertools
import struct

import pytest

from raw import UNPREPARED, RawConnection

INVALID = 0x2200
INT, TEXT = 9, 13
SCHEMA = (
    "CREATE KEYSPACE {ks} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}",
    "CREATE TYPE {ks}.part (x int)",
    "CREATE TABLE {ks}.t (k int, c int, d int, p frozen<part>, PRIMARY KEY (k, c))",
    "CREATE TABLE {ks}.o (k int PRIMARY KEY, v int)",
    "INSERT INTO {ks}.t (k, c, d) VALUES (1, 2, 3)",
    "INSERT INTO {ks}.o (k, v) VALUES (1, 2)",
)
EVERYTHING, INSERT, OTHER = "SELECT * FROM {ks}.t", "INSERT INTO {ks}.t (k, c, d) VALUES (?, ?, ?)", "SELECT * FROM {ks}.o"
OF_THE_TABLE = (EVERYTHING, INSERT, "SELECT k FROM {ks}.t", "SELECT JSON * FROM {ks}.t", "SELECT count(*) FROM {ks}.t")
CHANGES = {
    "add": ["ALTER TABLE {ks}.t ADD a int"],
    "drop": ["ALTER TABLE {ks}.t DROP d"],
    "rename": ["ALTER TABLE {ks}.t RENAME c TO b"],
    "type_gets_a_field": ["ALTER TYPE {ks}.part ADD y int"],
    "type_renames_a_field": ["ALTER TYPE {ks}.part RENAME x TO y"],
    "drop_table": ["DROP TABLE {ks}.t"],
    "table_made_anew": ["DROP TABLE {ks}.t", "CREATE TABLE {ks}.t (k int, c int, d text, PRIMARY KEY (k, c))"],
    "keyspace_made_anew": ["DROP KEYSPACE {ks}", *SCHEMA],
}
NO_CHANGES = ["ALTER TABLE {ks}.t WITH comment = 'x'", "CREATE TABLE {ks}.n (k int PRIMARY KEY)", "CREATE TYPE {ks}.n (x int)", "TRUNCATE {ks}.t"]


def integer(number):
    return struct.pack(">i", number)


# Of a statement that was prepared with other columns before clients are told more than this test expects.
NUMBERS = itertools.count()
VALUES = {INSERT: [integer(1), integer(2), integer(3)]}


@pytest.fixture(params=[3, 4, 5])
def client(node, request):
    """Connections in one version, with a keyspace of their own; statements are written with its name in braces."""
    made = Client(node.address, request.param)
    yield made
    made.close()


class Client:
    def __init__(self, address, version):
        self.address, self.version = address, version
        self.keyspace = f"follows{next(NUMBERS)}"
        self.first, self.second = self.connect(), self.connect()
        self.run("DROP KEYSPACE IF EXISTS {ks}", *SCHEMA)

    def connect(self):
        return RawConnection(self.address, self.version)

    def close(self):
        self.run("DROP KEYSPACE IF EXISTS {ks}")
        self.first.close()
        self.second.close()

    def named(self, text):
        return text.format(ks=self.keyspace)

    def run(self, *statements):
        """By a third connection, so that none of the two sees the change in its own answers."""
        connection = self.connect()
        for statement in statements:
            answer = connection.query(self.named(statement))
            assert "error" not in answer, answer
        connection.close()

    def prepare(self, text, by=None):
        return (by or self.first).prepare(self.named(text))


@pytest.mark.parametrize("change", CHANGES)
def test_statements_of_the_table_have_to_be_prepared_again(client, change):
    prepared = {text: client.prepare(text) for text in OF_THE_TABLE}
    other = client.prepare(OTHER)
    client.run(*CHANGES[change])
    for text, known in prepared.items():
        for _ in range(2):
            answer = client.first.execute(known, VALUES.get(text, ()), skip=True)
            assert (answer["error"], answer["unknown_id"]) == (UNPREPARED, known["id"]), text
    again = {text: client.prepare(text) for text in OF_THE_TABLE}
    for text, known in prepared.items():
        if change == "drop_table" or (text == INSERT and change in ("drop", "rename")):
            assert again[text]["error"] == INVALID
            continue
        assert again[text]["id"] == known["id"], "drivers refuse another id"
        if text != INSERT:
            assert "error" not in client.first.execute(again[text], skip=True)
    if change != "keyspace_made_anew":
        assert client.first.execute(other)["rows"] == [[integer(1), integer(2)]]


@pytest.mark.parametrize("change", NO_CHANGES)
def test_other_changes_go_unnoticed(client, change):
    prepared = {text: client.prepare(text) for text in (*OF_THE_TABLE, OTHER)}
    client.run(change)
    for text, known in prepared.items():
        assert "error" not in client.first.execute(known, VALUES.get(text, ())), text


def test_statements_in_batches_have_to_be_prepared_again(client):
    insert, other = client.prepare(INSERT), client.prepare("INSERT INTO {ks}.o (k, v) VALUES (?, ?)")
    statements = [(other, [integer(5), integer(5)]), (insert, VALUES[INSERT])]
    client.run("ALTER TABLE {ks}.t DROP d", "ALTER TABLE {ks}.t ADD e int")
    answer = client.first.batch(statements)
    assert (answer["error"], answer["unknown_id"]) == (UNPREPARED, insert["id"])
    assert len(client.first.execute(client.prepare(OTHER))["rows"]) == 1, "nothing of the batch was written"


def test_a_client_learns_new_columns_though_another_prepared_again(client):
    known = client.prepare(EVERYTHING)
    assert client.first.execute(known, skip=True)["columns"] is None
    client.run("ALTER TABLE {ks}.t ADD a int", "INSERT INTO {ks}.t (k, c, a) VALUES (1, 2, 7)")
    new = client.prepare(EVERYTHING, client.second)
    names = [name for name, _ in new["columns"]]
    assert names == ["k", "c", "a", "d", "p"]
    # Cassandra sends no columns in versions 3 and 4: the values are read under the old ones.
    answer = client.first.execute(known, skip=True)
    assert ([name for name, _ in answer["columns"]], answer["rows"][0][2]) == (names, integer(7))
    if client.version == 5:
        assert answer["result_id"] == new["result_id"] != known["result_id"]
        assert client.first.execute(known, skip=True, result_id=new["result_id"])["columns"] is None


def test_a_client_learns_new_columns_of_a_statement_that_nobody_executed_before(client):
    """As after a restart of the node: all that it knows is the schema."""
    client.run("ALTER TABLE {ks}.t ADD a int")
    known = client.prepare(EVERYTHING)
    answer = client.first.execute(known, skip=True)
    assert (answer["columns"] is None) == (client.version == 5)


def test_conditional_writes_tell_their_columns_always(client):
    insert = client.prepare("INSERT INTO {ks}.o (k, v) VALUES (?, ?) IF NOT EXISTS")
    answers = [client.first.execute(insert, [integer(9), integer(9)], skip=True) for _ in range(2)]
    assert [[name for name, _ in answer["columns"]] for answer in answers] == [["[applied]"], ["[applied]", "k", "v"]]
    assert "result_id" not in answers[0], "it is not what a client should remember"
