//! Views that follow on one another are those that would be laid out anew.

use super::*;
use henge_base::Random;
use henge_metadata::{Command, CommandId, JoinDraft, VersionRange, propose};
use henge_model::{ColumnDraft, DataType, Order, TableDraft, TableOptions};
use std::net::SocketAddr;

struct Chain {
    view: View,
    random: Random,
    local: HostId,
}

impl Chain {
    fn new() -> Chain {
        let mut random = Random::new(1);
        let local = HostId::random(&mut random);
        let mut chain = Chain { view: View::empty(local), random, local };
        let address = SocketAddr::from(([10, 0, 0, 1], 7000));
        let first = JoinDraft {
            id: local,
            datacenter: "dc1".to_owned(),
            rack: "r".to_owned(),
            address,
            rpc_address: address,
            num_tokens: 4,
            speaks: VersionRange::OF_RELEASE,
        };
        chain.run(Command::Bootstrap { name: "c".to_owned(), first });
        chain
    }

    /// Runs a command; returns the storage ids that are gone and those that are set.
    fn run(&mut self, command: Command) -> (Vec<StorageId>, Vec<StorageId>) {
        let mut state = self.view.state.clone();
        let entry = propose(&state, CommandId::default(), &command, &mut self.random, 7).unwrap();
        state.apply(&entry).unwrap();
        let (view, changes) = self.view.followed_by(state);
        self.view = view;
        self.check();
        (changes.gone, changes.set.iter().map(|table| table.storage_id).collect())
    }

    /// The view must be the one that its state gives by itself.
    fn check(&self) {
        let anew = View::new(self.view.state.clone(), self.local);
        let keyspaces = |view: &View| view.keyspace_of.iter().map(|(id, k)| (id, k.to_string())).collect::<Vec<_>>();
        assert_eq!(keyspaces(&self.view), keyspaces(&anew));
        assert_eq!(self.view.schema, anew.schema);
        let placed =
            |view: &View| view.placed.iter().map(|(k, p)| (k.clone(), p.placement.clone())).collect::<Vec<_>>();
        assert_eq!(placed(&self.view), placed(&anew));
        assert_eq!(self.view.datacenters.names, anew.datacenters.names);
    }

    fn create(&mut self, keyspace: &str, name: &str) -> (Vec<StorageId>, Vec<StorageId>) {
        let column = |name: &str| ColumnDraft {
            name: name.to_owned(),
            data_type: DataType::Int,
            order: Order::Ascending,
            mask: None,
        };
        let draft = TableDraft {
            keyspace: keyspace.to_owned(),
            name: name.to_owned(),
            id: None,
            partition_key: vec![column("k")],
            clustering: Vec::new(),
            statics: Vec::new(),
            regulars: vec![column("v")],
            options: TableOptions::default(),
            properties: Vec::new(),
        };
        self.run(Command::CreateTable { draft, if_not_exists: false })
    }
}

#[test]
fn a_change_of_one_table_concerns_no_other() {
    let mut chain = Chain::new();
    for name in ["a", "b"] {
        let replication = Replication::Simple { factor: 1 };
        let (name, durable_writes, if_not_exists) = (name.to_owned(), true, false);
        chain.run(Command::CreateKeyspace { name, replication, durable_writes, if_not_exists });
    }
    let (gone, first) = chain.create("a", "t");
    assert_eq!((gone.len(), first.len()), (0, 1));
    let (gone, second) = chain.create("b", "t");
    assert_eq!((gone.len(), second.len()), (0, 1));
    let (keyspace, table) = ("a".to_owned(), "t".to_owned());
    let (gone, third) = chain.run(Command::Truncate { keyspace: keyspace.clone(), table: table.clone() });
    assert_eq!((gone, third.len()), (first, 1));
    let gone = chain.run(Command::DropTable { keyspace: keyspace.clone(), table, if_exists: false });
    assert_eq!(gone, (third, Vec::new()));
    let dropped = chain.run(Command::DropKeyspace { name: "b".to_owned(), if_exists: false });
    assert_eq!(dropped, (second, Vec::new()));
    assert!(chain.view.placed_of(StorageId(1)).is_none());
}
