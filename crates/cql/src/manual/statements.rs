//! The statements: what of each works, what does not yet, and an example for either that is tried.

use crate::fixture::schema;
use crate::statement::{ModifyStatement, RoleStatement};
use crate::{ErrorKind, Statement, parse, prepare};

/// A line of the manual.
struct Line {
    statement: &'static str,
    works: &'static str,
    not_yet: &'static str,
    /// Texts that are taken: against the tables of `fixture`, with `ks` in use.
    taken: &'static [&'static str],
    /// Texts that can be read, and are refused as invalid.
    refused: &'static [&'static str],
}

const ALL: &str = "all of it";

const LINES: [Line; 20] = [
    Line {
        statement: "`CREATE KEYSPACE`",
        works: "`SimpleStrategy`, `NetworkTopologyStrategy` (also with `replication_factor`), `durable_writes`, `IF NOT EXISTS`",
        not_yet: "other strategies",
        taken: &[
            "CREATE KEYSPACE IF NOT EXISTS k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}",
            "CREATE KEYSPACE k WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3} AND durable_writes = false",
        ],
        refused: &[],
    },
    Line {
        statement: "`ALTER KEYSPACE`",
        works: "`durable_writes`; `replication`, also of `system_auth`, `system_distributed` and `system_traces` \
                ([below](#another-replication))",
        not_yet: "",
        taken: &["ALTER KEYSPACE IF EXISTS ks WITH durable_writes = false"],
        refused: &[],
    },
    Line {
        statement: "`DROP KEYSPACE`, `USE`",
        works: ALL,
        not_yet: "",
        taken: &["DROP KEYSPACE IF EXISTS ks", "USE ks"],
        refused: &[],
    },
    Line {
        statement: "`CREATE TABLE`",
        works: "composite partition keys, clustering columns, static columns, `CLUSTERING ORDER`, `WITH` options, `ID`, `IF NOT EXISTS`, \
                `MASKED WITH`, `COMPACT STORAGE` ([below](#compact-tables))",
        not_yet: "",
        taken: &["CREATE TABLE IF NOT EXISTS t (a int, b int, c int, d int STATIC, PRIMARY KEY ((a, b), c)) \
             WITH CLUSTERING ORDER BY (c DESC) AND ID = 5a1c395e-b41f-11e5-9f22-ba0be0483c18 AND comment = 'x'"],
        refused: &[],
    },
    Line {
        statement: "`ALTER TABLE`",
        works: "`ADD`, `DROP`, also `USING TIMESTAMP`, `RENAME` of key columns, `WITH`, `ALTER column MASKED WITH` and `DROP MASKED`, \
                `DROP COMPACT STORAGE`",
        not_yet: "",
        taken: &[
            "ALTER TABLE IF EXISTS kv ADD IF NOT EXISTS (x int, y list<int>)",
            "ALTER TABLE kv DROP IF EXISTS v",
            "ALTER TABLE kv RENAME IF EXISTS k TO key",
            "ALTER TABLE kv WITH comment = 'x' AND gc_grace_seconds = 5",
            "ALTER TABLE kv DROP v USING TIMESTAMP 5",
            "ALTER TABLE kv ALTER v MASKED WITH DEFAULT",
        ],
        refused: &[],
    },
    Line {
        statement: "`DROP TABLE`, `TRUNCATE`",
        works: ALL,
        not_yet: "",
        taken: &["DROP TABLE IF EXISTS kv", "TRUNCATE TABLE kv", "TRUNCATE ks.kv"],
        refused: &[],
    },
    Line {
        statement: "`INSERT`, `UPDATE`",
        works: "rows, static columns, `USING TIMESTAMP`, `USING TTL`, functions as values, several rows by `IN`, collections whole and in \
                part (`c + x`, `x + l`, `c - x`, `c[k] = v`, also of lists, for which the row is read first), `JSON` with `DEFAULT NULL` and \
                `DEFAULT UNSET`, expressions as values, `IF NOT EXISTS`, `IF EXISTS`, `IF` comparisons of columns, elements and fields",
        not_yet: "",
        taken: &[
            "INSERT INTO kv (k, v) VALUES (?, 1 + 2) IF NOT EXISTS USING TTL 5",
            "INSERT INTO kv JSON '{\"k\": \"a\"}' DEFAULT UNSET USING TIMESTAMP ?",
            "UPDATE many USING TTL ? AND TIMESTAMP 5 SET l = [1] + l, s = s - {1}, m['a'] = 2 WHERE k IN (1, 2)",
            "UPDATE many SET l[0] = 5 WHERE k = 1 IF m['a'] > 2 AND s CONTAINS 1",
            "UPDATE kv SET v = 1 WHERE k = 'a' IF EXISTS",
        ],
        refused: &[],
    },
    Line {
        statement: "`DELETE`",
        works: "rows, columns, static columns, ranges of rows, whole partitions, `USING TIMESTAMP`, elements of collections, `IF EXISTS`, `IF` comparisons",
        not_yet: "",
        taken: &[
            "DELETE l[0], m['a'], s FROM many USING TIMESTAMP 5 WHERE k = 1",
            "DELETE FROM wide WHERE a = 1 AND b = 'b' AND c > 5 AND c <= 9",
            "DELETE v FROM kv WHERE k = 'a' IF v IN (1, 2)",
        ],
        refused: &[],
    },
    Line {
        statement: "`BEGIN [UNLOGGED] BATCH`",
        works: "all rows in one partition: atomic, logged or not; several partitions: unlogged, or logged, which two other nodes keep until it is \
                written; with conditions: one partition, all or nothing; `COUNTER`",
        not_yet: "",
        taken: &[
            "BEGIN BATCH USING TIMESTAMP 5 INSERT INTO kv (k, v) VALUES ('a', 1); DELETE FROM kv WHERE k = 'b'; APPLY BATCH",
            "BEGIN UNLOGGED BATCH UPDATE kv SET v = ? WHERE k = ? APPLY BATCH",
        ],
        refused: &[],
    },
    Line {
        statement: "`SELECT`",
        works: "by partition key, `IN`, clustering slices, several columns at once (bound as tuples too), `token()`, whole tables, `ALLOW FILTERING`, \
                `ORDER BY`, also of several partitions where there are no pages (their rows are sorted in 64 MiB at most; only those within `LIMIT` \
                count), `LIMIT`, `PER PARTITION LIMIT`, `DISTINCT`, aliases, `count`, `min`, `max`, `sum`, `avg` also inside other expressions, \
                `GROUP BY`, `c[k]` and `c[a..b]` of sets and maps, `m[k] = v`, `CONTAINS`, `CONTAINS KEY`, `writetime`, `maxwritetime` and `ttl` of \
                columns, fields and elements, `SELECT JSON`, and the [expressions](#expressions) and [functions](#functions) below",
        not_yet: "`ORDER BY ... ANN OF`, `LIKE`, `expr(index, ...)`",
        taken: &[
            "SELECT v AS x, max(v) + 1 FROM kv WHERE k IN ('a', ?) LIMIT 5",
            "SELECT DISTINCT a, b FROM wide",
            "SELECT c, count(*) FROM wide WHERE a = 1 AND b = 'b' AND (c, d) > (1, 2) GROUP BY c ORDER BY c DESC",
            "SELECT JSON * FROM many WHERE token(k) > 5 AND m['a'] = 1 AND s CONTAINS 1 ALLOW FILTERING",
            "SELECT s[1..], m['a'], writetime(m), ttl(m['a']) FROM many",
            "SELECT * FROM wide WHERE a IN (1, 2) AND b = 'b' ORDER BY c",
        ],
        refused: &[
            "SELECT * FROM types ORDER BY e ANN OF [1, 2] LIMIT 3",
            "SELECT * FROM kv WHERE w LIKE 'a%' ALLOW FILTERING",
            "SELECT * FROM kv WHERE expr(i, 'x')",
        ],
    },
    Line {
        statement: "`DESCRIBE`",
        works: "cluster, keyspaces, tables, types, one of them, schema; answered by the server as cqlsh 6 expects",
        not_yet: "",
        taken: &[
            "DESCRIBE CLUSTER",
            "DESC KEYSPACES",
            "DESCRIBE FULL SCHEMA WITH INTERNALS",
            "DESCRIBE ONLY KEYSPACE ks",
            "DESCRIBE TABLE kv WITH INTERNALS",
            "DESCRIBE ks.kv",
            "DESCRIBE TYPES",
            "DESCRIBE FUNCTIONS",
            "DESCRIBE AGGREGATES",
        ],
        refused: &[],
    },
    Line {
        statement: "`EXPLAIN`",
        works: "of `SELECT`, `INSERT`, `UPDATE` and `DELETE`: partitions, replicas, level, index, filter; `EXPLAIN ANALYZE` of `SELECT`. \
                Cassandra has none ([below](#explain))",
        not_yet: "",
        taken: &[
            "EXPLAIN SELECT * FROM kv WHERE k = ?",
            "EXPLAIN ANALYZE SELECT * FROM kv",
            "EXPLAIN DELETE FROM kv WHERE k = 'a'",
        ],
        refused: &["EXPLAIN ANALYZE DELETE FROM kv WHERE k = 'a'"],
    },
    Line {
        statement: "`CREATE`, `ALTER`, `DROP` of `ROLE` and `USER`",
        works: "`PASSWORD`, `HASHED PASSWORD`, `LOGIN`, `SUPERUSER`, `ACCESS TO ALL DATACENTERS`, `ACCESS FROM ALL CIDRS`",
        not_yet: "access restricted to datacentres or CIDR groups, which is refused: without the authorizers of that kind Cassandra takes no notice of it",
        taken: &[
            "CREATE ROLE IF NOT EXISTS r WITH PASSWORD = 'x' AND LOGIN = true AND ACCESS TO ALL DATACENTERS AND ACCESS FROM ALL CIDRS",
            "ALTER USER u WITH PASSWORD 'x' SUPERUSER",
            "DROP ROLE IF EXISTS r",
        ],
        refused: &[],
    },
    Line {
        statement: "`GRANT`, `REVOKE`, `LIST` of roles, users and permissions",
        works: "on all keyspaces, a keyspace, its tables, a table, all roles, a role, all functions (also of a keyspace)",
        not_yet: "on single functions and MBeans: there are none",
        taken: &[
            "GRANT r TO s",
            "GRANT SELECT, MODIFY ON KEYSPACE ks TO r",
            "REVOKE ALL PERMISSIONS ON ALL FUNCTIONS IN KEYSPACE ks FROM r",
            "LIST ALL ON ks.kv OF r NORECURSIVE",
            "LIST USERS",
        ],
        refused: &[],
    },
    Line {
        statement: "`ADD IDENTITY`, `DROP IDENTITY`",
        works: "`DROP IDENTITY IF EXISTS`",
        not_yet: "identities: who shows a certificate logs in with a password besides",
        taken: &["DROP IDENTITY IF EXISTS 'i'"],
        refused: &[],
    },
    Line {
        statement: "`CREATE TYPE`, `ALTER TYPE` (`ADD`, `RENAME`), `DROP TYPE`",
        works: "all of it; values, fields in `SELECT`, and where the type is not frozen `SET u.field = v`, `DELETE u.field`",
        not_yet: "",
        taken: &[
            "CREATE TYPE IF NOT EXISTS own (a int, b frozen<list<text>>)",
            "ALTER TYPE own ADD IF NOT EXISTS c int",
            "ALTER TYPE own RENAME a TO b AND c TO d",
            "DROP TYPE IF EXISTS own",
        ],
        refused: &[],
    },
    Line {
        statement: "`CREATE`, `DROP` of `FUNCTION` and `AGGREGATE`",
        works: "`DROP ... IF EXISTS`",
        not_yet: "functions and aggregates of users: they are Java",
        taken: &["DROP FUNCTION IF EXISTS f(int)", "DROP AGGREGATE IF EXISTS ks.a"],
        refused: &[
            "CREATE OR REPLACE FUNCTION f(a int) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE java AS $$ return a; $$",
            "CREATE AGGREGATE a(int) SFUNC f STYPE int FINALFUNC g INITCOND 0",
            "DROP FUNCTION f(int)",
        ],
    },
    Line {
        statement: "`CREATE`, `ALTER`, `DROP` of `MATERIALIZED VIEW`",
        works: "`ALTER` and `DROP` with `IF EXISTS`",
        not_yet: "views, which Cassandra calls experimental and has switched off",
        taken: &["ALTER MATERIALIZED VIEW IF EXISTS v WITH comment = 'x'", "DROP MATERIALIZED VIEW IF EXISTS v"],
        refused: &[
            "CREATE MATERIALIZED VIEW v AS SELECT * FROM kv WHERE k IS NOT NULL AND v IS NOT NULL PRIMARY KEY (v, k)",
            "DROP MATERIALIZED VIEW v",
        ],
    },
    Line {
        statement: "`CREATE TRIGGER`, `DROP TRIGGER`",
        works: "`DROP TRIGGER IF EXISTS`",
        not_yet: "triggers: they are Java",
        taken: &["DROP TRIGGER IF EXISTS t ON kv"],
        refused: &["CREATE TRIGGER t ON kv USING 'org.example.T'", "DROP TRIGGER t ON kv"],
    },
    Line {
        statement: "`CREATE INDEX`, `DROP INDEX`",
        works: "of one column: values, `keys()`, `values()`, `entries()`, `full()`; plain, and `USING 'sai'` with `case_sensitive`, `normalize`, `ascii` \
                ([below](#secondary-indexes))",
        not_yet: "indexes of vectors, SASI",
        taken: &[
            "CREATE INDEX IF NOT EXISTS i ON kv (v)",
            "CREATE CUSTOM INDEX ON kv (v) USING 'sai'",
            "DROP INDEX IF EXISTS i",
        ],
        refused: &["CREATE INDEX ON kv (v) USING 'org.apache.cassandra.index.sasi.SASIIndex'", "DROP INDEX i"],
    },
];

/// The line of a statement, by a part of its name there. A new statement does not compile without one.
fn line(statement: &Statement) -> &'static str {
    match statement {
        Statement::Select(_) => "`SELECT`",
        Statement::Modify(ModifyStatement::Insert(_) | ModifyStatement::Update(_)) => "`INSERT`",
        Statement::Modify(ModifyStatement::Delete(_)) => "`DELETE`",
        Statement::Batch(_) => "BATCH`",
        Statement::Use(_) | Statement::DropKeyspace(_) => "`USE`",
        Statement::CreateKeyspace(_) => "`CREATE KEYSPACE`",
        Statement::AlterKeyspace(_) => "`ALTER KEYSPACE`",
        Statement::CreateTable(_) => "`CREATE TABLE`",
        Statement::AlterTable(_) => "`ALTER TABLE`",
        Statement::DropTable(_) | Statement::Truncate(_) => "`TRUNCATE`",
        Statement::CreateType(_) | Statement::AlterType(_) | Statement::DropType(_) => "`CREATE TYPE`",
        Statement::Describe(_) => "`DESCRIBE`",
        Statement::Explain(_) => "`EXPLAIN`",
        Statement::Role(RoleStatement::Create { .. } | RoleStatement::Alter { .. } | RoleStatement::Drop { .. }) => {
            "`ROLE`"
        }
        Statement::Role(_) | Statement::Permission(_) => "`GRANT`",
        Statement::Identity(_) => "`ADD IDENTITY`",
        Statement::Function(_) => "`AGGREGATE`",
        Statement::View(_) => "`MATERIALIZED VIEW`",
        Statement::Trigger(_) => "`CREATE TRIGGER`",
        Statement::CreateIndex(_) | Statement::DropIndex(_) => "`CREATE INDEX`",
    }
}

#[test]
fn statements_are_as_the_manual_says() {
    let lines = LINES.iter().map(|line| [line.statement, line.works, line.not_yet].map(str::to_owned));
    henge_manual::compatibility("statements", &henge_manual::table(["Statement", "Works", "Not yet"], lines));
}

#[test]
fn examples_of_the_manual_are_taken_or_refused_as_it_says() {
    let schema = schema();
    for of in LINES {
        assert!(!of.taken.is_empty() || !of.refused.is_empty(), "{}: no example", of.statement);
        for text in of.taken.iter().chain(of.refused) {
            let statement = parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert!(of.statement.contains(line(&statement)), "{text} is not of {}", of.statement);
            match prepare(&statement, &schema, Some("ks")) {
                Ok(_) => assert!(of.taken.contains(text), "{text} is taken"),
                Err(e) => {
                    assert!(of.refused.contains(text), "{text}: {e}");
                    assert_eq!(e.kind, ErrorKind::Invalid, "{text}");
                }
            }
        }
    }
}

#[test]
fn as_many_answers_are_recorded_as_the_manual_says() {
    let folder = "../../integration/oracle/topics";
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let topics: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "answers")).collect();
    let count: usize = topics.iter().map(|path| std::fs::read_to_string(path).unwrap().lines().count()).sum();
    let text = format!(
        "Recorded answers of Apache Cassandra 5.0.6 to {count} statements in {} files (`integration/oracle`) are compared, with the few \
         [differences](../integration/oracle/differences.txt) argued.",
        topics.len()
    );
    henge_manual::compatibility("recorded answers", &text);
}
