//! Words with a meaning of their own, which name nothing unless quoted.

use henge_model::DataType;

/// Words that are identifiers only in quotes.
const RESERVED: [&str; 59] = [
    "ADD",
    "ALLOW",
    "ALTER",
    "AND",
    "APPLY",
    "ASC",
    "AUTHORIZE",
    "BATCH",
    "BEGIN",
    "BY",
    "COLUMNFAMILY",
    "CREATE",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DROP",
    "ENTRIES",
    "EXECUTE",
    "FALSE",
    "FROM",
    "FULL",
    "GRANT",
    "IF",
    "IN",
    "INDEX",
    "INFINITY",
    "INSERT",
    "INTO",
    "IS",
    "KEYSPACE",
    "LIMIT",
    "MATERIALIZED",
    "MODIFY",
    "NAN",
    "NORECURSIVE",
    "NOT",
    "NULL",
    "OF",
    "ON",
    "OR",
    "ORDER",
    "PRIMARY",
    "RENAME",
    "REVOKE",
    "SCHEMA",
    "SELECT",
    "SET",
    "TABLE",
    "TO",
    "TOKEN",
    "TRUE",
    "TRUNCATE",
    "UNLOGGED",
    "UPDATE",
    "USE",
    "USING",
    "VIEW",
    "WHERE",
    "WITH",
];

/// True if the word is an identifier only in quotes.
pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|r| r.eq_ignore_ascii_case(word))
}

/// Words that are allowed as names, but not unquoted as names of functions, because the grammar uses each of them
/// there.
pub(crate) const NO_FUNCTIONS: [&str; 7] = ["CAST", "DISTINCT", "JSON", "KEY", "MAXWRITETIME", "TTL", "WRITETIME"];

/// Words that Cassandra reserves for future types, and keywords that its grammar would confuse with a type.
const TYPE_RESERVED: [&str; 13] = [
    "bitstring",
    "byte",
    "cast",
    "complex",
    "count",
    "distinct",
    "enum",
    "interval",
    "json",
    "macaddr",
    "maxwritetime",
    "ttl",
    "writetime",
];

/// True if a user type of that name needs no quotes.
pub(crate) fn names_user_type(name: &str) -> bool {
    !TYPE_RESERVED.contains(&name) && DataType::native(name).is_none()
}
