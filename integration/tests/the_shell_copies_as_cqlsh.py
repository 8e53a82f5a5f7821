"""COPY of `henge shell`: the same files as those of the real cqlsh, the same rows back, rejected rows, and what was cut off goes on."""

import os
import re
import signal
import subprocess
import time

import pytest

from clients import Clients
from processes import CQL_PORT, HENGE, Server
from terminal import Terminal

ADDRESS = "127.0.51.3"
PROMPT = r"cqlsh(:\w+)?> "
REPLICATION = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"

COLUMNS = {
    "ascii": "'plain'",
    "bigint": "9223372036854775807",
    "blob": "0xcafe",
    "boolean": "true",
    "date": "'2024-02-29'",
    "decimal": "123.4500",
    "double": "1.5e300",
    "duration": "1y2mo3d4h5m6s7ms8us9ns",
    "float": "0.1",
    "inet": "'::1'",
    "int": "-5",
    "smallint": "-300",
    "text": "'a,b \"c\" ''d'' é'",
    "time": "'10:11:12.123456789'",
    "timestamp": "'2024-02-29 10:11:12.345+0000'",
    "timeuuid": "50554d6e-29bb-11e5-b345-feff819cdc9f",
    "tinyint": "-128",
    "uuid": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "varint": "123456789012345678901234567890",
    "list<int>": "[1, 2, 2]",
    "list<double>": "[1.25, 1e20, 3000]",
    "set<text>": "{'a', 'b,c', 'it''s'}",
    "set<inet>": "{'10.0.0.1', '9.0.0.1', '::1'}",
    "set<uuid>": "{50554d6e-29bb-11e5-b345-feff819cdc9f, f81d4fae-7dec-11d0-a765-00a0c91e6bf6, 00000000-0000-4000-8000-000000000000}",
    "map<text, int>": "{'x': 1, 'y''z': 2}",
    "map<time, timestamp>": "{'10:11:12': '2024-02-29 10:11:12.345+0000'}",
    "frozen<list<text>>": "['p', 'q']",
    "frozen<map<int, frozen<set<int>>>>": "{1: {2, 3}}",
    "tuple<int, text>": "(1, 'two')",
    "vector<float, 3>": "[1.5, -2, 3]",
    "vector<text, 2>": "['a', 'b''c']",
    "frozen<address>": "{street: 'West, wing', number: null}",
    "address": "{street: 'North: 1', number: 2}",
    "frozen<list<frozen<address>>>": "[{street: 'x', number: 1}]",
}
NAMES = ", ".join(f"c{i}" for i in range(len(COLUMNS)))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("copies"), ADDRESS, []).start()
    clients = Clients([ADDRESS])
    server.session = clients.session()
    server.session.execute(f"CREATE KEYSPACE k {REPLICATION}")
    server.session.execute("CREATE TYPE k.address (street text, number int)")
    columns = ", ".join(f"c{i} {kind}" for i, kind in enumerate(COLUMNS))
    for table in ["there", "back", "again"]:
        server.session.execute(f"CREATE TABLE k.{table} (k int PRIMARY KEY, {columns})")
    server.session.execute(f"INSERT INTO k.there (k, {NAMES}) VALUES (1, {', '.join(COLUMNS.values())})")
    server.session.execute("INSERT INTO k.there (k) VALUES (2)")
    index = list(COLUMNS).index
    server.session.execute(
        f"INSERT INTO k.there (k, c2, c6, c8, c{index('frozen<list<text>>')}, c14, c4, c5) VALUES (3, 0x, NaN, -Infinity, [], -99999999999999, '-0400-01-01', 1E+5)"
    )
    yield server
    clients.close()
    assert server.stop() == 0


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def cqlsh(folder, text):
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"}
    command = ["cqlsh", "--no-color", ADDRESS, str(CQL_PORT), "-e", text]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    return done.stdout


def command(text):
    return [HENGE, "shell", ADDRESS, "-e", text]


def shell(folder, text, code=0, given=None):
    done = subprocess.run(command(text), cwd=folder, input=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done
    return done


def lines(folder, name):
    return sorted((folder / name).read_bytes().split(b"\r\n"))


def documents(server, table):
    """The rows as JSON: the driver has no dates of all years."""
    return sorted(row[0] for row in server.session.execute(f"SELECT JSON * FROM k.{table}"))


def rows(server, table):
    return sorted(str(row) for row in server.session.execute(f"SELECT * FROM k.{table}"))


OPTIONS = [
    "HEADER = true",
    "QUOTE = '''' AND ESCAPE = '''' AND DELIMITER = ';'",
    "NULL = 'none' AND BOOLSTYLE = 'yes, no' AND DATETIMEFORMAT = '%d/%m/%Y %H:%M' AND FLOATPRECISION = 3 AND DOUBLEPRECISION = 9",
]


@pytest.mark.parametrize("options", OPTIONS)
def test_the_file_is_that_of_cqlsh(server, folder, options):
    cqlsh(folder, f"COPY k.there TO 'cqlsh.csv' WITH {options}")
    done = shell(folder, f"COPY k.there TO 'shell.csv' WITH {options}")
    assert re.search(r"\n3 rows exported to 1 files in [0-9.]+ seconds\.", done.stdout) and not done.stderr, done
    assert re.search(r"Processed: 3 rows; Rate: +\d+ rows/s; Avg\. rate: +\d+ rows/s", done.stdout), done
    assert lines(folder, "cqlsh.csv") == lines(folder, "shell.csv")


def test_files_are_split_and_tokens_restricted(server, folder):
    shell(folder, "COPY k.there (k) TO 'part.csv' WITH MAXOUTPUTSIZE = 2")
    parts = [(folder / name).read_text().split() for name in ["part.csv", "part.csv.1"]]
    assert [len(part) for part in parts] == [2, 1] and sorted(parts[0] + parts[1]) == ["1", "2", "3"]
    token = server.session.execute("SELECT token(k) AS t FROM k.there WHERE k = 2").one().t
    done = shell(folder, f"COPY k.there (k) TO STDOUT WITH BEGINTOKEN = '{token - 1}' AND ENDTOKEN = {token}")
    assert done.stdout == "2\n", done


def test_what_cannot_be_written_is_not_reported_as_written(server, folder):
    full = shell(folder, "COPY k.there TO '/dev/full'", code=2)
    assert "No space left on device" in full.stderr and "it has 0 whole rows" in full.stderr and "exported" not in full.stdout, full
    missing = shell(folder, "COPY k.there TO 'no/folder.csv'", code=2)
    assert "no/folder.csv cannot be written: " in missing.stderr, missing
    closed = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {HENGE} shell {ADDRESS} -e 'COPY system_schema.columns TO STDOUT' | true"],
        cwd=folder, capture_output=True, text=True, timeout=60,
    )
    assert closed.returncode in (0, 2) and "panicked" not in closed.stderr, closed


def test_wrong_commands_say_what_is_right(server, folder):
    for text, reason in [
        ("COPY k.there TO 'x' WITH FOO = 1", "COPY TO has no option FOO; there are DELIMITER, QUOTE"),
        ("COPY k.there TO 'x' WITH ENCODING = 'latin1'", "ENCODING cannot be \"latin1\": it is utf8 alone"),
        ("COPY k.there (q) TO 'x'", "k.there has no column q; there are k, c0"),
        ("COPY k.nowhere TO 'x'", "there is no table"),
        ("COPY there TO 'x'", "is in no keyspace"),
        ("COPY k.there", "COPY cannot be read at the end"),
    ]:
        done = shell(folder, text, code=2)
        assert reason in done.stderr and done.stderr.count("\n") == 1, done
    assert not (folder / "x").exists()
    assert "no effect" in shell(folder, "COPY k.there TO 'x' WITH CHILDTIMEOUT = 5").stderr


def test_the_rows_of_a_file_are_those_that_it_was_made_of(server, folder):
    """What cqlsh writes is read; durations, which cqlsh cannot read, too. Doubles in collections have five digits in it."""
    cqlsh(folder, "COPY k.there TO 'cqlsh.csv' WITH DOUBLEPRECISION = 17 AND FLOATPRECISION = 9")
    done = shell(folder, "COPY k.back FROM 'cqlsh.csv'")
    assert re.search(r"\n3 rows imported from 1 files in [0-9.]+ seconds \(0 skipped\)\.", done.stdout) and not done.stderr, done
    assert documents(server, "there") == documents(server, "back")
    piped = subprocess.run(
        command("COPY k.again FROM STDIN"), cwd=folder, capture_output=True, timeout=60, input=(folder / "cqlsh.csv").read_bytes() + b"\\.\n4,x\n"
    )
    assert piped.returncode == 0 and documents(server, "again") == documents(server, "there"), piped
    assert not [name for name in os.listdir(folder) if name.startswith("import")]


def test_files_by_pattern_with_headers_and_columns_left_out(server, folder):
    server.session.execute("CREATE TABLE k.parts (k int PRIMARY KEY, a text, b text)")
    for name, text in [("p1.csv", "k,x,a\n1,-,one\n2,-,two\n"), ("p2.csv", "k,x,a\n3,-,three\n"), ("q.csv", "k,x,a\n4,-,four\n")]:
        (folder / name).write_text(text)
    done = shell(folder, "COPY k.parts (k, b, a) FROM 'p*.csv, q.csv' WITH HEADER = true AND SKIPCOLS = 'b' AND SKIPROWS = 1 AND MAXROWS = 3")
    assert "2 rows imported from 2 files" in done.stdout and "(1 skipped)" in done.stdout, done
    assert rows(server, "parts") == ["Row(k=2, a='two', b=None)", "Row(k=3, a='three', b=None)"]
    (folder / "options").write_text("[copy]\nheader = true\n[copy-from:k.parts]\nttl = 1000\n")
    shell(folder, "COPY k.parts FROM 'q.csv' WITH CONFIGFILE = 'options'")
    assert 0 < server.session.execute("SELECT ttl(a) AS t FROM k.parts WHERE k = 4").one().t <= 1000
    assert "no such file" in shell(folder, "COPY k.parts FROM 'r*.csv'", code=2).stderr


BROKEN = b"1,one\nx,two\n3\n\n,five\n6,\"six\n7,seven\n8,\xff\n9,nine,more\n10,ten\n"


def test_rejected_rows_are_kept_with_their_reasons(server, folder):
    server.session.execute("CREATE TABLE k.strict (k int PRIMARY KEY, a text)")
    (folder / "broken.csv").write_bytes(BROKEN)
    (folder / "import_k_strict.err").write_text("of an earlier copy")
    done = shell(folder, "COPY k.strict FROM 'broken.csv' WITH CHUNKSIZE = 2", code=2)
    assert rows(server, "strict") == ["Row(k=1, a='one')", "Row(k=10, a='ten')", "Row(k=7, a='seven')"]
    assert "\n3 rows imported" in done.stdout and "Failed to process 7 rows; failed rows written to import_k_strict.err" in done.stderr, done
    kept = (folder / "import_k_strict.err").read_bytes().split(b"\r\n")
    assert sorted(kept) == sorted([b"x,two", b"3", b"", b",five", b'6,"six', b"8,\xff", b"9,nine,more", b""]), kept
    reasons = sorted((folder / "import_k_strict.err.reasons").read_text().splitlines(), key=lambda line: int(line.split(":")[1]))
    assert [line.split(":")[1] for line in reasons] == ["2", "3", "4", "5", "6", "8", "9"], reasons
    for reason, said in zip(reasons, ['"x" is no int', "length 1 should be 2", "length 0", "null value for primary key column 'k'", "quote has no end", "UTF-8", "length 3"]):
        assert said in reason, reasons
    renamed = [name for name in os.listdir(folder) if re.fullmatch(r"import_k_strict\.err\.\d{8}_\d{6}", name)]
    assert len(renamed) == 1 and (folder / renamed[0]).read_text() == "of an earlier copy"
    few = shell(folder, "COPY k.strict FROM 'broken.csv' WITH CHUNKSIZE = 1 AND MAXPARSEERRORS = 1", code=2)
    assert "Exceeded maximum number of parse errors 1; the first " in few.stderr, few


def test_rows_that_the_server_refuses_are_kept_too(server, folder):
    server.session.execute("CREATE TABLE k.wide (k text, c int, v int, PRIMARY KEY (k, c))")
    long = "x" * 70_000
    (folder / "wide.csv").write_text("".join(f"p,{i},{i}\n" for i in range(30)) + f"{long},1,1\n" + "q,1,1\n")
    done = shell(folder, "COPY k.wide FROM 'wide.csv' WITH ERRFILE = 'refused.err'", code=2)
    assert server.session.execute("SELECT count(*) AS n FROM k.wide").one().n == 31
    assert (folder / "refused.err").read_text() == f"{long},1,1\n" and "(line 31 of wide.csv)" in done.stderr, done


def test_counters_are_added_to(server, folder):
    server.session.execute("CREATE TABLE k.counted (k int, c int, n counter, m counter, PRIMARY KEY (k, c))")
    (folder / "counted.csv").write_text("1,1,5,\n1,2,-7,1\n")
    for _ in range(2):
        shell(folder, "COPY k.counted FROM 'counted.csv' WITH HEADER = false")
    assert rows(server, "counted") == ["Row(k=1, c=1, m=10, n=0)", "Row(k=1, c=2, m=-14, n=2)"]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_copy_that_was_cut_off_goes_on(server, folder, end):
    table = f"cut_{end.name.lower()}"
    server.session.execute(f"CREATE TABLE k.{table} (k int PRIMARY KEY, v text)")
    total = 30_000
    (folder / "many.csv").write_text("".join(f"{i},value {i}\n" for i in range(total)))
    text = f"COPY k.{table} FROM 'many.csv' WITH CHUNKSIZE = 500 AND RESUME = true"
    running = subprocess.Popen(command(f"{text} AND INGESTRATE = 3000"), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    kept = folder / f"import_k_{table}.progress"
    until = time.monotonic() + 60
    while not kept.exists() and time.monotonic() < until:
        time.sleep(0.05)
    running.send_signal(end)
    _, errors = running.communicate(timeout=60)
    done = int(kept.read_text().split()[1])
    assert 0 < done < total
    there = {row.k for row in server.session.execute(f"SELECT k FROM k.{table}")}
    assert there >= set(range(done))
    if end == signal.SIGINT:
        assert running.returncode == 2 and f"cancelled; the first {done} rows of the input are done" in errors, errors
        assert f"SKIPROWS = {done} or RESUME = true goes on" in errors, errors
    again = shell(folder, text)
    assert f"Going on after row {done}." in again.stdout and f"\n{total - done} rows imported" in again.stdout, again
    assert server.session.execute(f"SELECT count(*) AS n FROM k.{table}").one().n == total
    assert not kept.exists()


def test_what_cannot_be_copied_in_is_told(server, folder):
    (folder / "x.csv").write_text("1\n")
    for text, reason in [
        ("COPY k.there FROM 'missing.csv'", "missing.csv cannot be read: there is no such file"),
        ("COPY k.there (c0) FROM 'x.csv'", "Primary key column 'k' missing or skipped"),
        ("COPY k.there (k, c0) FROM 'x.csv' WITH SKIPCOLS = 'c9'", "SKIPCOLS names c9"),
        ("COPY k.there FROM STDIN WITH RESUME = true", "RESUME needs a file"),
        ("COPY k.there FROM 'x.csv' WITH PAGESIZE = 5", "COPY FROM has no option PAGESIZE; there are DELIMITER"),
        ("COPY k.there FROM 'x.csv' WITH TTL = soon", "TTL cannot be"),
    ]:
        done = shell(folder, text, code=2)
        assert reason in done.stderr, done
    piped = subprocess.run([HENGE, "shell", ADDRESS], input="COPY k.there FROM STDIN;\n", capture_output=True, text=True, timeout=60)
    assert piped.returncode == 2 and "cannot read the standard input" in piped.stderr, piped


def test_a_copy_ends_though_the_server_hangs(server, folder):
    server.session.execute("CREATE TABLE k.hung (k int PRIMARY KEY, v text)")
    (folder / "many.csv").write_text("".join(f"{i},value {i}\n" for i in range(100_000)))
    running = subprocess.Popen(
        command("COPY k.hung FROM 'many.csv' WITH INGESTRATE = 1000"), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    kept = folder / "import_k_hung.progress"
    until = time.monotonic() + 60
    while not kept.exists() and time.monotonic() < until:
        time.sleep(0.05)
    server.program.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        # The answer would be waited for a minute.
        _, errors = running.communicate(timeout=30)
    finally:
        server.program.process.send_signal(signal.SIGCONT)
    assert running.returncode == 2 and re.search(r"cancelled; the first [1-9]\d* rows", errors), errors


def test_an_exact_file_is_read_back_whole(server, folder):
    for table in ["exact", "whole"]:
        shell(folder, f"CREATE TABLE k.{table} (k int PRIMARY KEY, a text, b list<double>, c float, d frozen<tuple<text, int>>)")
    insert = server.session.prepare("INSERT INTO k.exact (k, a, b, c, d) VALUES (?, ?, ?, ?, ?)")
    for k, text in enumerate(["", "a\\b", "line\nline\r\n, \"x\"", "\t\x00", "'quoted'", "<null", None]):
        server.session.execute(insert, (k, text, [0.1, 1 / 3, 1e300], 0.1, (text, k)))
    shell(folder, "COPY k.exact TO 'exact.csv' WITH EXACT = true AND NULL = '<null>'")
    shell(folder, "COPY k.whole FROM 'exact.csv' WITH NULL = '<null>'")
    assert documents(server, "exact") == documents(server, "whole")


def test_a_copy_outlives_a_restart_of_the_server(server, folder):
    server.session.execute("CREATE TABLE k.restarted (k int, c int, v text, PRIMARY KEY (k, c))")
    total = 20_000
    (folder / "many.csv").write_text("".join(f"{i % 7},{i},value {i}\n" for i in range(total)))
    text = "COPY k.restarted FROM 'many.csv' WITH CHUNKSIZE = 100 AND MAXATTEMPTS = 20 AND INGESTRATE = 4000"
    running = subprocess.Popen(command(text), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    kept = folder / "import_k_restarted.progress"
    until = time.monotonic() + 60
    while not kept.exists() and time.monotonic() < until:
        time.sleep(0.05)
    server.restart()
    printed, errors = running.communicate(timeout=120)
    assert running.returncode == 0 and f"\n{total} rows imported" in printed, (printed, errors)
    # One line a second at most, of rows that are sent again or of connections.
    assert re.search(r"attempt \d+ (of|follows)", errors), errors
    counted = shell(folder, "SELECT count(*) FROM k.restarted")
    assert str(total) in counted.stdout, counted


def test_a_person_stops_a_copy_and_goes_on(server, folder):
    shell(folder, "CREATE TABLE k.typed (k int PRIMARY KEY, v text)")
    (folder / "slow.csv").write_text("".join(f"{i},value {i}\n" for i in range(20_000)))
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    terminal = Terminal([HENGE, "shell", ADDRESS], environment, folder)
    terminal.until(PROMPT)
    terminal.type("USE k;\n")
    terminal.until(PROMPT)
    terminal.type("COPY typed FROM 'slow.csv' WITH INGESTRATE = 500 AND CHUNKSIZE = 50;\n")
    terminal.until(r"Processed: \d+ rows; .*rows/s; ETA: \S+\s*")
    terminal.type("\x03")
    shown = terminal.until(PROMPT)
    assert re.search(r"cancelled; the first (\d+) rows of the input are done", shown), shown
    terminal.type("COPY typed FROM STDIN;\n")
    terminal.until(r"end input\]\s*")
    terminal.type("100000,typed\n.\n")
    assert "1 rows imported" in terminal.until(PROMPT)
    terminal.type("SELECT v FROM typed WHERE k = 100000;\n")
    assert "typed" in terminal.until(PROMPT)
    assert terminal.close() == 0


def test_rows_that_a_busy_server_refuses_are_sent_again(tmp_path_factory, folder):
    """One address may have 32 requests under way there; a COPY has up to 128 on each connection."""
    address = "127.0.51.4"
    busy = Server(tmp_path_factory.mktemp("busy"), address, ["--set", "native_transport_max_concurrent_requests=64"]).start()
    try:
        total = 5_000
        (folder / "many.csv").write_text("".join(f"{i},value {i}\n" for i in range(total)))
        call = lambda text: subprocess.run([HENGE, "shell", address, "-e", text], cwd=folder, capture_output=True, text=True, timeout=120)
        made = call(f"CREATE KEYSPACE k {REPLICATION}; CREATE TABLE k.t (k int PRIMARY KEY, v text)")
        assert made.returncode == 0, made
        copied = call("COPY k.t FROM 'many.csv' WITH MINBATCHSIZE = 1 AND MAXATTEMPTS = 30 AND NUMPROCESSES = 2")
        assert copied.returncode == 0 and f"\n{total} rows imported" in copied.stdout, copied
        assert "OverloadedErrorMessage" in copied.stderr and "will retry later, attempt 1 of 30" in copied.stderr, copied
        back = call("COPY k.t TO 'back.csv' WITH MAXREQUESTS = 60 AND PAGESIZE = 10 AND NUMPROCESSES = 2 AND MAXATTEMPTS = 30")
        assert back.returncode == 0, back
        assert sorted((folder / "back.csv").read_text().split("\n")) == sorted((folder / "many.csv").read_text().split("\n"))
        few = call("COPY k.t FROM 'many.csv' WITH MINBATCHSIZE = 1 AND MAXATTEMPTS = 1 AND NUMPROCESSES = 4 AND MAXINSERTERRORS = 5")
        assert few.returncode == 2 and "Exceeded maximum number of insert errors 5" in few.stderr, few
    finally:
        assert busy.stop() == 0


def test_numbers_have_the_separators_of_cqlsh(server, folder):
    index = list(COLUMNS).index
    columns = ", ".join(["k", *(f"c{index(kind)}" for kind in ["decimal", "float", "int", "list<double>", "list<int>", "smallint"])])
    options = "THOUSANDSSEP = '.' AND DECIMALSEP = ',' AND DELIMITER = ';'"
    cqlsh(folder, f"COPY k.there ({columns}) TO 'cqlsh.csv' WITH {options}")
    shell(folder, f"COPY k.there ({columns}) TO 'shell.csv' WITH {options}")
    assert lines(folder, "cqlsh.csv") == lines(folder, "shell.csv")
