//! The grammar of statements and of the shell's commands, as far as completion follows it. It is more lenient than the
//! server's.

/// See `Grammar` for the form.
pub(super) const SYNTAX: &str = "
start = data | BEGIN [ UNLOGGED | COUNTER ] BATCH [ USING usings ] { ( insert | update | delete ) [ ';' ] } APPLY BATCH
  | EXPLAIN [ ANALYZE ] data | USE <keyspace> | TRUNCATE [ TABLE ] table | CREATE create | ALTER alter | DROP drop
  | GRANT ( permissions ON resource TO <role> | <role> TO <role> )
  | REVOKE ( permissions ON resource FROM <role> | <role> FROM <role> )
  | LIST list | command ;
data = select | insert | update | delete ;

table = [ <qualifier> '.' ] <table> ;
new = [ <qualifier> '.' ] <new> ;
absent = IF NOT EXISTS ;
present = IF EXISTS ;
columns = <column> { ',' <column> } ;
flag = TRUE | FALSE ;

select = SELECT [ JSON ] [ DISTINCT ] ( '*' | selector { ',' selector } ) FROM table [ WHERE relations ]
  [ GROUP BY columns ] [ ORDER BY ordering { ',' ordering } ] [ PER PARTITION LIMIT <value> ] [ LIMIT <value> ]
  [ ALLOW FILTERING ] ;
selector = selectable [ AS <new> ] ;
selectable = <column> [ '[' <value> ']' ] { '.' <new> } | CAST '(' selectable AS type ')'
  | [ <qualifier> '.' ] <function> '(' [ '*' | argument { ',' argument } ] ')' ;
argument = selectable | <value> ;
ordering = <column> [ ASC | DESC | ANN OF <value> ] ;
relations = relation { AND relation } ;
relation = <column> [ '[' <value> ']' ] ( operator <value> | [ NOT ] IN <value> | [ NOT ] CONTAINS [ KEY ] <value>
  | LIKE <value> | BETWEEN <value> AND <value> | IS NOT NULL )
  | TOKEN '(' columns ')' operator <value> | '(' columns ')' ( operator <value> | IN <value> ) ;
operator = '=' | '<' [ '=' ] | '>' [ '=' ] | '!' '=' ;

usings = using { AND using } ;
using = TIMESTAMP <value> | TTL <value> ;
conditions = EXISTS | relations ;
insert = INSERT INTO table ( '(' columns ')' VALUES '(' <value> { ',' <value> } ')'
  | JSON <value> [ DEFAULT ( NULL | UNSET ) ] ) [ absent ] [ USING usings ] ;
update = UPDATE table [ USING usings ] SET assignment { ',' assignment } WHERE relations [ IF conditions ] ;
assignment = <column> [ '[' <value> ']' | '.' <new> ] [ '+' | '-' ] '=' <value> ;
delete = DELETE [ deleted { ',' deleted } ] FROM table [ USING TIMESTAMP <value> ] WHERE relations [ IF conditions ] ;
deleted = <column> [ '[' <value> ']' | '.' <new> ] ;

type = <native> | ( LIST | SET | FROZEN ) '<' type '>' | MAP '<' type ',' type '>' | TUPLE '<' type { ',' type } '>'
  | VECTOR '<' type ',' <value> '>' | [ <qualifier> '.' ] <type> ;
mask = MASKED WITH ( DEFAULT | <function> '(' [ <value> { ',' <value> } ] ')' ) ;
definition = <new> type [ STATIC ] [ mask ] [ PRIMARY KEY ] | primary ;
primary = PRIMARY KEY '(' ( <new> | '(' <new> { ',' <new> } ')' ) { ',' <new> } ')' ;
options = WITH option { AND option } ;
option = <table-option> '=' <value> | CLUSTERING ORDER BY '(' <new> [ ASC | DESC ] { ',' <new> [ ASC | DESC ] } ')'
  | COMPACT STORAGE | ID '=' <value> ;
keyspace-option = REPLICATION '=' <replication> | DURABLE_WRITES '=' flag ;
role-option = [ HASHED ] PASSWORD '=' <value> | LOGIN '=' flag | SUPERUSER '=' flag | OPTIONS '=' <value>
  | ACCESS TO ( ALL DATACENTERS | DATACENTERS <value> ) | ACCESS FROM ( ALL CIDRS | CIDRS <value> ) ;
user-option = WITH [ HASHED ] PASSWORD <value> | SUPERUSER | NOSUPERUSER ;

create = KEYSPACE [ absent ] <new> WITH keyspace-option { AND keyspace-option }
  | TABLE [ absent ] new ( '(' definition { ',' definition } ')' | LIKE table ) [ options ]
  | [ CUSTOM ] INDEX [ absent ] [ <new> ] ON table
    '(' ( <column> | ( KEYS | VALUES | ENTRIES | FULL ) '(' <column> ')' ) ')' [ USING <value> ] [ WITH OPTIONS '=' <value> ]
  | TYPE [ absent ] new '(' <new> type { ',' <new> type } ')'
  | MATERIALIZED VIEW [ absent ] new AS select primary [ options ]
  | ROLE [ absent ] <new> [ WITH role-option { AND role-option } ] | USER [ absent ] <new> { user-option }
  | [ OR REPLACE ] ( function | aggregate ) | TRIGGER [ absent ] <new> ON table USING <value> ;
function = FUNCTION [ absent ] new '(' [ <new> type { ',' <new> type } ] ')'
  ( CALLED | RETURNS NULL ) ON NULL INPUT RETURNS type LANGUAGE <new> AS <value> ;
aggregate = AGGREGATE [ absent ] new '(' [ type { ',' type } ] ')' SFUNC <function> STYPE type
  [ FINALFUNC <function> ] [ INITCOND <value> ] ;
alter = KEYSPACE [ present ] <keyspace> WITH keyspace-option { AND keyspace-option }
  | TABLE [ present ] table ( ADD [ absent ] ( <new> type [ STATIC ] [ mask ] | '(' <new> type { ',' <new> type } ')' )
    | DROP [ present ] ( <column> [ USING TIMESTAMP <value> ] | '(' columns ')' | COMPACT STORAGE )
    | RENAME [ present ] <column> TO <new> { AND <column> TO <new> }
    | ALTER [ present ] <column> ( TYPE type | mask | DROP MASKED ) | options )
  | TYPE [ present ] udt ( ADD [ absent ] <new> type | RENAME [ present ] <new> TO <new> { AND <new> TO <new> } )
  | MATERIALIZED VIEW [ present ] table options
  | ROLE [ present ] <role> [ WITH role-option { AND role-option } ] | USER [ present ] <role> { user-option } ;
udt = [ <qualifier> '.' ] <type> ;
called = [ <qualifier> '.' ] <function> ;
indexed = [ <qualifier> '.' ] <index> ;
drop = KEYSPACE [ present ] <keyspace> | TABLE [ present ] table | MATERIALIZED VIEW [ present ] table
  | INDEX [ present ] indexed | TYPE [ present ] udt | ( ROLE | USER ) [ present ] <role>
  | ( FUNCTION | AGGREGATE ) [ present ] called [ '(' [ type { ',' type } ] ')' ] | TRIGGER [ present ] <new> ON table ;

permissions = ALL [ PERMISSIONS ] | permission { ',' permission } ;
permission = ( ALTER | AUTHORIZE | CREATE | DESCRIBE | DROP | EXECUTE | MODIFY | SELECT | UNMASK | SELECT_MASKED )
  [ PERMISSION ] ;
resource = ALL KEYSPACES | KEYSPACE <keyspace> | ALL TABLES IN KEYSPACE <keyspace> | [ TABLE ] table | ALL ROLES
  | ROLE <role> | ALL FUNCTIONS [ IN KEYSPACE <keyspace> ] | FUNCTION called '(' [ type { ',' type } ] ')'
  | ALL MBEANS ;
list = ROLES [ OF <role> ] [ NORECURSIVE ] | USERS | SUPERUSERS
  | permissions [ ON resource ] [ OF <role> ] [ NORECURSIVE ] ;

command = ( DESCRIBE | DESC ) [ described ] [ WITH INTERNALS ] | CONSISTENCY [ <level> ]
  | SERIAL CONSISTENCY [ SERIAL | LOCAL_SERIAL ] | ( EXPAND | TRACING ) [ ON | OFF ] | PAGING [ ON | OFF | <value> ]
  | SHOW ( VERSION | HOST | SESSION <value> | REPLICAS <value> [ <keyspace> ] ) | LOGIN <role> [ <value> ]
  | SOURCE <file> | CAPTURE [ <file> | OFF ] | COPY table [ '(' columns ')' ] copy | HELP | CLEAR | EXIT | QUIT
  | HISTORY [ <value> ] ;
described = CLUSTER | KEYSPACES | TABLES | TYPES | FUNCTIONS | AGGREGATES | [ FULL ] SCHEMA
  | [ ONLY ] KEYSPACE [ <keyspace> ] | TABLE table | INDEX indexed | MATERIALIZED VIEW table | TYPE udt
  | ( FUNCTION | AGGREGATE ) called | table | <keyspace> ;
copy = ( TO ( <file> | STDOUT ) | FROM ( <file> | STDIN ) ) [ WITH copied { AND copied } ] ;
copied = <copy-option> '=' <value> ;
";

/// Types of CQL's own without parts.
pub(super) const NATIVE_TYPES: [&str; 21] = [
    "ascii",
    "bigint",
    "blob",
    "boolean",
    "counter",
    "date",
    "decimal",
    "double",
    "duration",
    "float",
    "inet",
    "int",
    "smallint",
    "text",
    "time",
    "timestamp",
    "timeuuid",
    "tinyint",
    "uuid",
    "varchar",
    "varint",
];

/// Functions of CQL's own.
pub(super) const FUNCTIONS: [&str; 22] = [
    "avg",
    "count",
    "currentdate",
    "currenttime",
    "currenttimestamp",
    "currenttimeuuid",
    "max",
    "maxtimeuuid",
    "maxwritetime",
    "min",
    "mintimeuuid",
    "now",
    "sum",
    "to_date",
    "to_timestamp",
    "to_unix_timestamp",
    "token",
    "ttl",
    "uuid",
    "writetime",
    "similarity_cosine",
    "similarity_euclidean",
];

/// Options of tables, as both servers have them.
pub(super) const TABLE_OPTIONS: [&str; 19] = [
    "additional_write_policy",
    "allow_auto_snapshot",
    "bloom_filter_fp_chance",
    "caching",
    "cdc",
    "comment",
    "compaction",
    "compression",
    "crc_check_chance",
    "default_time_to_live",
    "extensions",
    "gc_grace_seconds",
    "incremental_backups",
    "max_index_interval",
    "memtable",
    "memtable_flush_period_in_ms",
    "min_index_interval",
    "read_repair",
    "speculative_retry",
];

/// Beginnings of the replication of a keyspace.
pub(super) const REPLICATIONS: [&str; 2] = [
    "{'class': 'NetworkTopologyStrategy', 'replication_factor': ",
    "{'class': 'SimpleStrategy', 'replication_factor': ",
];
