//! Prepared statements after changes of the schema: answers of Apache Cassandra 5.0.6 to the same changes.

use super::Statements;
use crate::client::prepare::resolve;
use crate::client::prepared_statement::PreparedStatement;
use crate::cluster::view::View;
use henge_base::{HostId, Random};
use henge_metadata::{ClusterState, Command, CommandId, JoinDraft, VersionRange, propose};
use henge_model::{AddedColumn, ColumnDraft, TableChange, TableDraft};
use henge_model::{DataType, Order, Replication, TableOptions, TypeChange, UserType};
use std::net::SocketAddr;
use std::sync::Arc;

const ID: [u8; 16] = [7; 16];
const EVERYTHING: &str = "SELECT * FROM ks.t";
const INSERT: &str = "INSERT INTO ks.t (k, v) VALUES (?, ?)";
const BATCH: &str =
    "BEGIN BATCH INSERT INTO ks.o (k, v) VALUES (?, ?); INSERT INTO ks.t (k, v) VALUES (?, ?); APPLY BATCH";

/// A cluster of one member with tables `ks.t` and `ks.o` and a type that `ks.t` uses.
struct Cluster {
    state: ClusterState,
    random: Random,
    host: HostId,
    statements: Statements,
}

impl Cluster {
    fn new() -> Cluster {
        let mut random = Random::new(1);
        let host = HostId::random(&mut random);
        let address = SocketAddr::from(([10, 0, 0, 1], 7000));
        let first = JoinDraft {
            id: host,
            datacenter: "dc".to_owned(),
            rack: "r".to_owned(),
            address,
            rpc_address: address,
            num_tokens: 1,
            speaks: VersionRange::OF_RELEASE,
        };
        let mut cluster =
            Cluster { state: ClusterState::default(), random, host, statements: Statements::new(1 << 20) };
        cluster.run(Command::Bootstrap { name: "c".to_owned(), first });
        cluster.create_keyspace();
        cluster
    }

    fn create_keyspace(&mut self) {
        self.run(Command::CreateKeyspace {
            name: "ks".to_owned(),
            replication: Replication::Simple { factor: 1 },
            durable_writes: true,
            if_not_exists: false,
        });
        self.run(Command::CreateType { user_type: user_type(), if_not_exists: false });
        let part = DataType::Frozen(Box::new(DataType::Udt(user_type())));
        self.create("t", vec![column("u", part), column("v", DataType::Text)]);
        self.create("o", vec![column("v", DataType::Text)]);
    }

    fn create(&mut self, name: &str, regulars: Vec<ColumnDraft>) {
        let draft = TableDraft {
            keyspace: "ks".to_owned(),
            name: name.to_owned(),
            id: None,
            partition_key: vec![column("k", DataType::Int)],
            clustering: Vec::new(),
            statics: Vec::new(),
            regulars,
            options: TableOptions::default(),
            properties: Vec::new(),
        };
        self.run(Command::CreateTable { draft, if_not_exists: false });
    }

    fn alter(&mut self, change: TableChange) {
        let (keyspace, table) = ("ks".to_owned(), "t".to_owned());
        self.run(Command::AlterTable { keyspace, table, if_exists: false, change });
    }

    fn add(&mut self, name: &str) {
        let added = AddedColumn { draft: column(name, DataType::Int), is_static: false };
        self.alter(TableChange::Add { columns: vec![added], if_not_exists: false });
    }

    fn drop_table(&mut self, table: &str) {
        self.run(Command::DropTable { keyspace: "ks".to_owned(), table: table.to_owned(), if_exists: false });
    }

    fn run(&mut self, command: Command) {
        let entry = propose(&self.state, CommandId::default(), &command, &mut self.random, 7).unwrap();
        self.state.apply(&entry).unwrap();
    }

    fn resolve(&self, text: &str) -> Option<Arc<PreparedStatement>> {
        resolve(&View::new(self.state.clone(), self.host), text, None).ok().map(Arc::new)
    }

    fn prepare(&self, text: &str) -> Arc<PreparedStatement> {
        self.statements.insert(ID, self.resolve(text).unwrap(), None).unwrap()
    }

    /// The statement that an execution finds; `None`: it is answered Unprepared.
    fn execute(&self) -> Option<Arc<PreparedStatement>> {
        let known = self.statements.find(&ID)?;
        self.statements.renew(&ID, &known, self.resolve(&known.text))
    }
}

fn column(name: &str, data_type: DataType) -> ColumnDraft {
    ColumnDraft { name: name.to_owned(), data_type, order: Order::Ascending, mask: None }
}

fn user_type() -> UserType {
    UserType { keyspace: "ks".to_owned(), name: "u".to_owned(), fields: vec![("x".to_owned(), DataType::Int)].into() }
}

/// True if a statement that was prepared before a change can be executed after it.
fn survives(text: &str, change: impl FnOnce(&mut Cluster)) -> bool {
    let mut cluster = Cluster::new();
    cluster.prepare(text);
    assert!(cluster.execute().is_some());
    change(&mut cluster);
    let survives = cluster.execute().is_some();
    assert_eq!(cluster.execute().is_some(), survives, "executing decides nothing");
    survives
}

#[test]
fn columns_that_come_go_or_change_unprepare_all_statements_of_their_table() {
    for text in [EVERYTHING, "SELECT k FROM ks.t", "SELECT count(*) FROM ks.t", INSERT, BATCH] {
        assert!(!survives(text, |c| c.add("a")), "{text}");
        assert!(!survives(text, |c| c.add("a0")), "{text}");
        let drop = TableChange::Drop { columns: vec!["u".to_owned()], if_exists: false, dropped_us: None };
        assert!(!survives(text, |c| c.alter(drop)), "{text}");
        let names = vec![("k".to_owned(), "key".to_owned())];
        assert!(!survives(text, |c| c.alter(TableChange::Rename { names, if_exists: false })), "{text}");
        let field = ("y".to_owned(), DataType::Int);
        let change = TypeChange::Add { field: field.0, data_type: field.1, if_not_exists: false };
        let (keyspace, name) = ("ks".to_owned(), "u".to_owned());
        let alter_type = Command::AlterType { keyspace, name, if_exists: false, change };
        assert!(!survives(text, |c| c.run(alter_type)), "{text}");
    }
}

#[test]
fn a_table_that_is_gone_or_made_anew_unprepares_its_statements() {
    for text in [EVERYTHING, INSERT, BATCH] {
        assert!(!survives(text, |c| c.drop_table("t")), "{text}");
        let anew = |c: &mut Cluster| {
            let columns = vec![column("u", DataType::Text), column("v", DataType::Text)];
            c.drop_table("t");
            c.create("t", columns);
        };
        assert!(!survives(text, anew), "{text}");
        let all_anew = |c: &mut Cluster| {
            c.run(Command::DropKeyspace { name: "ks".to_owned(), if_exists: false });
            c.create_keyspace();
        };
        assert!(!survives(text, all_anew), "{text}");
    }
}

#[test]
fn other_changes_leave_statements_as_they_are() {
    for text in [EVERYTHING, INSERT] {
        assert!(survives(text, |c| c.drop_table("o")), "{text}");
        assert!(survives(text, |c| c.create("n", vec![column("v", DataType::Text)])), "{text}");
        let truncate = Command::Truncate { keyspace: "ks".to_owned(), table: "t".to_owned() };
        assert!(survives(text, |c| c.run(truncate)), "{text}");
        let options = |c: &mut Cluster| {
            let was = Box::new(TableOptions::default());
            let now = Box::new(TableOptions { comment: "new".to_owned(), ..TableOptions::default() });
            c.alter(TableChange::Options { was, now, properties: Vec::new() });
        };
        assert!(survives(text, options), "{text}");
    }
    assert!(!survives(BATCH, |c| c.drop_table("o")));
}

#[test]
fn a_statement_that_was_prepared_again_varies() {
    let mut cluster = Cluster::new();
    assert!(!cluster.prepare(EVERYTHING).result_varies);
    assert!(!cluster.prepare(EVERYTHING).result_varies, "the same columns are no news");
    cluster.drop_table("t");
    cluster.create("t", vec![column("a", DataType::Text), column("v", DataType::Text)]);
    assert!(cluster.execute().is_none());
    assert!(cluster.prepare(EVERYTHING).result_varies);
    assert!(cluster.prepare(EVERYTHING).result_varies, "others may hold the old columns still");
    cluster.create("n", vec![column("v", DataType::Text)]);
    assert!(cluster.execute().unwrap().result_varies, "at later epochs as well");
}

#[test]
fn all_columns_of_an_altered_table_vary_though_nobody_prepared_them_here_before() {
    let mut cluster = Cluster::new();
    cluster.add("a");
    assert!(cluster.prepare(EVERYTHING).result_varies);
    assert!(!cluster.resolve("SELECT k, v FROM ks.t").unwrap().result_varies);
    assert!(!cluster.resolve("SELECT * FROM ks.o").unwrap().result_varies);
}

#[test]
fn what_was_prepared_meanwhile_is_not_undone() {
    let mut cluster = Cluster::new();
    let older = cluster.prepare(EVERYTHING);
    cluster.add("a");
    cluster.prepare(EVERYTHING);
    assert!(cluster.statements.renew(&ID, &older, cluster.resolve(EVERYTHING)).is_none());
    assert!(cluster.execute().is_some());
}

#[test]
fn a_client_that_prepares_without_end_drops_its_own_statements() {
    let cluster = Cluster::new();
    let text = |number: usize| format!("SELECT v FROM ks.t WHERE k = {number} -- {}", "x".repeat(100));
    let bytes = cluster.resolve(&text(100)).unwrap().bytes();
    let statements = Statements::new(bytes * 20);
    let [ann, bob] = [1, 2].map(|last| Some(std::net::IpAddr::from([192, 0, 2, last])));
    let id = |number: usize| [number as u8; 16];
    let insert =
        |number: usize, owner| statements.insert(id(number), cluster.resolve(&text(number + 100)).unwrap(), owner);
    (0..5).for_each(|number| drop(insert(number, bob).unwrap()));
    (5..105).for_each(|number| drop(insert(number, ann).unwrap()));
    assert!((0..5).all(|number| statements.find(&id(number)).is_some()), "those of others stay");
    assert_eq!(statements.counts(), (15, 90));
    // Whoever prepares another's statement again does not make it its own.
    insert(0, ann).unwrap();
    (105..205).for_each(|number| drop(insert(number, ann).unwrap()));
    assert!((0..5).all(|number| statements.find(&id(number)).is_some()));
    let large = cluster.resolve(&format!("SELECT v FROM ks.t -- {}", "x".repeat(bytes * 10))).unwrap();
    assert!(statements.insert(id(250), large, bob).is_err());
}

/// True if a statement need not even be parsed again after a change.
fn stays_current(text: &str, change: impl FnOnce(&mut Cluster)) -> bool {
    let mut cluster = Cluster::new();
    let view = View::new(cluster.state.clone(), cluster.host);
    let statement = resolve(&view, text, None).unwrap();
    assert!(statement.is_current(&view));
    change(&mut cluster);
    let later = view.followed_by(cluster.state.clone()).0;
    let is_current = statement.is_current(&later);
    assert_eq!(statement.is_current(&later), is_current);
    is_current
}

#[test]
fn a_change_elsewhere_leaves_a_statement_current() {
    let keyspace = |factor| Command::CreateKeyspace {
        name: "other".to_owned(),
        replication: Replication::Simple { factor },
        durable_writes: true,
        if_not_exists: false,
    };
    for text in [EVERYTHING, INSERT] {
        assert!(stays_current(text, |c| c.create("n", vec![column("v", DataType::Text)])), "{text}");
        assert!(stays_current(text, |c| c.drop_table("o")), "{text}");
        assert!(stays_current(text, |c| c.run(keyspace(1))), "{text}");
        assert!(stays_current(text, |c| c.run(keyspace(3))), "{text}");
        assert!(!stays_current(text, |c| c.add("a")), "{text}");
        assert!(!stays_current(text, |c| c.drop_table("t")), "{text}");
        let truncate = Command::Truncate { keyspace: "ks".to_owned(), table: "t".to_owned() };
        assert!(!stays_current(text, |c| c.run(truncate)), "{text}");
        // The text may name a type, whatever the table is made of.
        let another = UserType { name: "another".to_owned(), ..user_type() };
        let create_type = Command::CreateType { user_type: another, if_not_exists: false };
        assert!(!stays_current(text, |c| c.run(create_type)), "{text}");
        assert!(!stays_current(text, |c| c.run(Command::DropKeyspace { name: "ks".to_owned(), if_exists: false })));
    }
    assert!(!stays_current(BATCH, |c| c.drop_table("o")));
    assert!(stays_current("SELECT * FROM system.local", |c| c.add("a")));
}
