//! HELP: the list of commands, and a topic each with an example.

/// The output of HELP without a topic.
pub(crate) const COMMANDS: &str = "\nCommands of the shell (HELP COPY tells of one of them, with an example):\n\
    \n  CONSISTENCY [level]   show or set the consistency level\
    \n  SERIAL CONSISTENCY [level]\
    \n                        that of conditional statements\
    \n  EXPAND [ON | OFF]     one value below the other\
    \n  PAGING [ON | OFF | n] rows of a page\
    \n  TRACING [ON | OFF]    what the nodes did for a statement, below its result\
    \n  SHOW VERSION | HOST   what this is connected to\
    \n  SHOW SESSION id       a trace once more\
    \n  SHOW REPLICAS token [keyspace]\
    \n                        the nodes that hold the rows of a token\
    \n  LOGIN role ['password']\
    \n                        go on as another role\
    \n  SOURCE 'file'         run the statements of a file\
    \n  COPY table TO | FROM 'file' [WITH option = value AND ...]\
    \n                        rows of a table to a CSV file and back\
    \n  CAPTURE ['file' | OFF]\
    \n                        results go to the end of a file, not to the terminal\
    \n  DESCRIBE ...          the schema, as CQL (answered by the server)\
    \n  HISTORY [n]           the lines typed last, as many as before (50 at first) or n\
    \n  CLEAR                 an empty screen\
    \n  EXIT, QUIT            the end\n\
    \nEverything else goes to the server; statements end with a semicolon. Tab completes. HELP knows\
    \nSELECT, INSERT, UPDATE, DELETE, TRUNCATE, BATCH, USE, KEYSPACE, TABLE, INDEX, TYPE, ROLE, GRANT and LITERALS, too.\n";

/// Topics: names, the first of which is the usual one, what is said, and an example.
const TOPICS: [(&[&str], &str, &str); 30] = [
    (
        &["CONSISTENCY"],
        "Shows the consistency level of statements, or sets it: ANY, ONE, TWO, THREE, QUORUM, ALL, LOCAL_ONE,\n\
         LOCAL_QUORUM, EACH_QUORUM; for reads SERIAL and LOCAL_SERIAL, too. At first it is ONE.",
        "CONSISTENCY QUORUM",
    ),
    (
        &["SERIAL"],
        "Shows the level at which conditional statements are decided, or sets it: SERIAL or LOCAL_SERIAL.",
        "SERIAL CONSISTENCY LOCAL_SERIAL",
    ),
    (&["EXPAND"], "Prints the values of each row below one another, or in columns again.", "EXPAND ON"),
    (
        &["PAGING"],
        "Sets the rows of a page, of which the shell waits for Enter at a terminal; OFF asks for all rows at once.",
        "PAGING 20",
    ),
    (
        &["TRACING"],
        "Lets the nodes keep what they did for each statement, and prints it below the result.",
        "TRACING ON",
    ),
    (
        &["SHOW"],
        "VERSION and HOST tell what the shell is connected to, SESSION prints a trace once more, and REPLICAS names the\n\
         nodes that hold the rows of a token, in the keyspace in use or another one.",
        "SELECT token(k) FROM t WHERE k = 1;\n  SHOW REPLICAS -4069959284402364209 shop",
    ),
    (
        &["LOGIN"],
        "Goes on as another role, in the same keyspace. Without a password it is asked for.",
        "LOGIN ann 'of the wood'",
    ),
    (
        &["SOURCE"],
        "Runs the statements of a file. It has settings of its own, and USE in it ends with it; an error does not stop it.",
        "SOURCE '~/schema.cql'",
    ),
    (
        &["COPY"],
        "Writes rows of a table into a CSV file, or reads them from one. Options are told in docs/reference/copy.md.",
        "COPY shop.orders (id, total) TO 'orders.csv' WITH HEADER = true;\n  \
         COPY shop.orders (id, total) FROM 'orders.csv' WITH HEADER = true;",
    ),
    (
        &["CAPTURE"],
        "Appends results to a file instead of printing them, until CAPTURE OFF. Without a file it tells how it stands.",
        "CAPTURE 'results.txt'\n  SELECT * FROM shop.orders;\n  CAPTURE OFF",
    ),
    (
        &["DESCRIBE", "DESC"],
        "KEYSPACES, TABLES, TYPES, FUNCTIONS and AGGREGATES list names; KEYSPACE, TABLE, INDEX and TYPE with a name, and\n\
         [FULL] SCHEMA, give the statements that make them; CLUSTER names the cluster and who owns its ranges.",
        "DESCRIBE TABLE shop.orders",
    ),
    (&["HISTORY"], "Prints the lines typed last: 50 at first, or as many as were asked for last.", "HISTORY 10"),
    (&["CLEAR", "CLS"], "Empties the screen.", "CLEAR"),
    (&["EXIT", "QUIT"], "Ends the shell, or the file that SOURCE runs.", "EXIT"),
    (&["HELP", "?"], "Lists commands, or tells of one.", "HELP COPY"),
    (
        &["SELECT"],
        "SELECT columns FROM table [WHERE ...] [GROUP BY ...] [ORDER BY ...] [LIMIT n] [ALLOW FILTERING];",
        "SELECT id, total FROM shop.orders WHERE buyer = 7 AND day >= '2026-01-01' ORDER BY day DESC LIMIT 10;",
    ),
    (
        &["INSERT"],
        "INSERT INTO table (columns) VALUES (values) [IF NOT EXISTS] [USING TTL seconds AND TIMESTAMP us];\n\
         INSERT INTO table JSON '{...}';",
        "INSERT INTO shop.orders (buyer, day, total) VALUES (7, '2026-01-02', 9.50) USING TTL 86400;",
    ),
    (
        &["UPDATE"],
        "UPDATE table [USING TTL seconds] SET column = value, ... WHERE key = value [IF condition | IF EXISTS];",
        "UPDATE shop.orders SET total = 10 WHERE buyer = 7 AND day = '2026-01-02' IF total = 9.50;",
    ),
    (
        &["DELETE"],
        "DELETE [columns] FROM table WHERE key = value [IF condition | IF EXISTS];",
        "DELETE FROM shop.orders WHERE buyer = 7 AND day < '2020-01-01';",
    ),
    (&["TRUNCATE"], "TRUNCATE table; removes all of its rows.", "TRUNCATE shop.orders;"),
    (
        &["BATCH", "BEGIN", "APPLY"],
        "BEGIN [UNLOGGED | COUNTER] BATCH statements, each with a semicolon, APPLY BATCH; writes all of them or none.",
        "BEGIN BATCH\n    INSERT INTO shop.a (k) VALUES (1);\n    DELETE FROM shop.b WHERE k = 1;\n  APPLY BATCH;",
    ),
    (&["USE"], "USE keyspace; lets tables of it be named without it.", "USE shop;"),
    (
        &["KEYSPACE", "CREATE_KEYSPACE", "ALTER_KEYSPACE", "DROP_KEYSPACE"],
        "CREATE | ALTER KEYSPACE name WITH replication = {...}; DROP KEYSPACE name;",
        "CREATE KEYSPACE shop WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3};",
    ),
    (
        &["TABLE", "CREATE_TABLE", "ALTER_TABLE", "DROP_TABLE"],
        "CREATE TABLE name (columns, PRIMARY KEY ((partition), clustering)) [WITH options];\n\
         ALTER TABLE name ADD | DROP | RENAME ...; ALTER TABLE name WITH options; DROP TABLE name;",
        "CREATE TABLE shop.orders (buyer int, day date, total decimal, PRIMARY KEY (buyer, day))\n    \
         WITH CLUSTERING ORDER BY (day DESC);",
    ),
    (
        &["INDEX", "CREATE_INDEX", "DROP_INDEX"],
        "CREATE INDEX [name] ON table (column); DROP INDEX name;",
        "CREATE INDEX ON shop.orders (total);",
    ),
    (
        &["TYPE", "CREATE_TYPE", "ALTER_TYPE", "DROP_TYPE"],
        "CREATE TYPE name (fields); ALTER TYPE name ADD field type; DROP TYPE name;",
        "CREATE TYPE shop.address (street text, number int);",
    ),
    (
        &["ROLE", "CREATE_ROLE", "ALTER_ROLE", "DROP_ROLE", "LIST_ROLES", "CREATE_USER", "LIST_USERS"],
        "CREATE | ALTER ROLE name WITH PASSWORD = '...' AND LOGIN = true; DROP ROLE name; LIST ROLES;",
        "CREATE ROLE ann WITH PASSWORD = '...' AND LOGIN = true;",
    ),
    (
        &["GRANT", "REVOKE", "PERMISSIONS", "LIST_PERMISSIONS"],
        "GRANT permission ON resource TO role; REVOKE permission ON resource FROM role; LIST ALL PERMISSIONS OF role;",
        "GRANT SELECT ON KEYSPACE shop TO ann;",
    ),
    (
        &["LITERALS", "TYPES", "TEXT", "ASCII", "INT", "BLOB", "UUID", "BOOLEAN", "DATE", "TIME", "TIMESTAMP"],
        "Texts are in single quotes, doubled inside; blobs are 0x..., dates and times texts, UUIDs and numbers bare;\n\
         lists [1, 2], sets {1, 2}, maps {'a': 1}, tuples (1, 'a'), types {street: 'x'}, vectors [0.5, 1].",
        "INSERT INTO t (k, v, at, tags) VALUES (1, 'it''s', '2026-02-28 10:00:00+0000', {'a', 'b'});",
    ),
    (
        &["JSON", "SELECT_JSON", "INSERT_JSON"],
        "SELECT JSON ... gives each row as a JSON document, INSERT INTO table JSON '...' takes one.",
        "INSERT INTO shop.orders JSON '{\"buyer\": 7, \"day\": \"2026-01-02\"}';",
    ),
];

/// The text of a topic, in any case; `None` if there is none of this name.
pub(crate) fn find_topic(name: &str) -> Option<String> {
    let (names, said, example) =
        TOPICS.iter().find(|(names, ..)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))?;
    Some(format!("\n{}\n\n{said}\n\nExample:\n\n  {example}\n", names[0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_command_has_a_topic_with_an_example() {
        for line in COMMANDS.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' ')) {
            let word = line.split([' ', ',']).next().unwrap();
            assert!(find_topic(&word.to_lowercase()).unwrap().contains("Example:\n\n  "), "{word}");
        }
        assert_eq!(find_topic("nope"), None);
        let names: Vec<&str> = TOPICS.iter().flat_map(|(names, ..)| names.iter().copied()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}
