//! Permissions of roles as tables of text: grants one by one, then questions with their answers.

use crate::{
    ClusterState, Command, CommandId, JoinDraft, Role, RoleCommand, RoleSettings, SealedEntry, VersionRange, propose,
};
use henge_base::{HostId, Random};
use henge_model::{Permission, Permissions, Replication, Resource};
use std::net::SocketAddr;

/// Reads `all`, `k`, `k.*`, `k.t`, `roles`, `role r`, `functions`, `functions k`.
fn resource(text: &str) -> Resource {
    match text.split_once(' ') {
        Some(("role", name)) => return Resource::Role(name.to_owned()),
        Some(("functions", name)) => return Resource::KeyspaceFunctions(name.to_owned()),
        _ => {}
    }
    match (text, text.split_once('.')) {
        ("all", _) => Resource::AllKeyspaces,
        ("roles", _) => Resource::AllRoles,
        ("functions", _) => Resource::AllFunctions,
        (_, Some((keyspace, "*"))) => Resource::AllTables(keyspace.to_owned()),
        (_, Some((keyspace, table))) => Resource::Table(keyspace.to_owned(), table.to_owned()),
        (keyspace, None) => Resource::Keyspace(keyspace.to_owned()),
    }
}

fn permissions(text: &str, on: &Resource) -> Permissions {
    match text {
        "ALL" => on.applicable(),
        names => names.split(',').map(|name| Permission::from_name(name).unwrap()).collect(),
    }
}

/// Reads `role r [login] [super]`, `member m r`, `no member m r`, `drop r`, `grant SELECT|k.t|r`, `revoke SELECT|k.t|r`.
fn command(line: &str) -> RoleCommand {
    let words: Vec<&str> = line.split(' ').collect();
    let owned = |at: usize| words[at].to_owned();
    match words[0] {
        "role" => RoleCommand::Create {
            name: owned(1),
            if_not_exists: false,
            settings: RoleSettings {
                is_superuser: words.contains(&"super").then_some(true),
                can_login: words.contains(&"login").then_some(true),
                salted_hash: None,
            },
        },
        "member" => RoleCommand::Member { member: owned(1), role: owned(2), is_one: true },
        "no" => RoleCommand::Member { member: owned(2), role: owned(3), is_one: false },
        "drop" => RoleCommand::Drop { name: owned(1), if_exists: false },
        verb => {
            let parts: Vec<&str> = line[verb.len() + 1..].split('|').collect();
            let on = resource(parts[1]);
            let (role, permissions) = (parts[2].to_owned(), permissions(parts[0], &on));
            match verb {
                "grant" => RoleCommand::Grant { role, resource: on, permissions },
                _ => RoleCommand::Revoke { role, resource: on, permissions },
            }
        }
    }
}

fn cluster() -> ClusterState {
    let mut state = ClusterState::default();
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let first = JoinDraft {
        id: HostId::random(&mut Random::new(1)),
        datacenter: "dc1".to_owned(),
        rack: "r".to_owned(),
        address: at(7000),
        rpc_address: at(9042),
        num_tokens: 1,
        speaks: VersionRange::OF_RELEASE,
    };
    run(&mut state, &Command::Bootstrap { name: "c".to_owned(), first }).unwrap();
    run(&mut state, &keyspace("k")).unwrap();
    state
}

fn keyspace(name: &str) -> Command {
    let replication = Replication::Simple { factor: 1 };
    Command::CreateKeyspace { name: name.to_owned(), replication, durable_writes: true, if_not_exists: false }
}

/// Every entry goes through its bytes, as on its way to other nodes.
fn run(state: &mut ClusterState, command: &Command) -> Result<(), String> {
    let entry = propose(state, CommandId::default(), command, &mut Random::new(3), 7).map_err(|e| e.to_string())?;
    state.apply(&SealedEntry::decode(entry.bytes().clone(), VersionRange::OF_RELEASE).unwrap()).unwrap();
    Ok(())
}

fn after(lines: &str) -> ClusterState {
    let mut state = cluster();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        run(&mut state, &Command::Role(command(line))).unwrap_or_else(|e| panic!("{line}: {e}"));
    }
    state
}

fn may(state: &ClusterState, question: &str) -> bool {
    let [role, permission, on] = question.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{question}") };
    state.roles.allows(role, Permission::from_name(permission).unwrap(), &resource(on).with_parents())
}

const TEAM: &str = "
    role boss super
    role team
    role ann login
    role bob login
    role eve login
    member ann team
    member eve boss
    grant SELECT|k|team
    grant MODIFY|k.*|ann
    grant ALL|roles|bob
    grant DROP|role ann|team";

#[test]
fn permissions_reach_downwards_and_through_roles() {
    let state = after(TEAM);
    for allowed in [
        "team SELECT k.t",
        "team SELECT k.*",
        "ann SELECT k.t",
        "ann MODIFY k.t",
        "ann DROP role ann",
        "bob CREATE roles",
        "bob ALTER role ann",
        "eve DROP k.t",
        "eve CREATE all",
        "boss AUTHORIZE role bob",
    ] {
        assert!(may(&state, allowed), "{allowed}");
    }
    for denied in [
        "ann SELECT all",
        "ann SELECT other.t",
        "ann MODIFY k",
        "ann DROP role bob",
        "bob SELECT k.t",
        "nobody SELECT k.t",
        "bob EXECUTE functions",
    ] {
        assert!(!may(&state, denied), "{denied}");
    }
}

#[test]
fn what_is_taken_away_is_gone() {
    let state = after(&format!("{TEAM}\nno member ann team\nrevoke MODIFY|k.*|ann\ndrop boss"));
    for denied in ["ann SELECT k.t", "ann MODIFY k.t", "eve DROP k.t"] {
        assert!(!may(&state, denied), "{denied}");
    }
    assert!(state.roles.get("eve").unwrap().member_of.is_empty());
    assert!(state.roles.get("ann").unwrap().permissions.is_empty());
}

#[test]
fn refusals_have_cassandras_words() {
    let mut state = after(TEAM);
    for (line, message) in [
        ("role ann", "ann already exists"),
        ("drop nobody", "nobody doesn't exist"),
        ("member ann team", "ann is a member of team"),
        ("member team ann", "ann is a member of team"),
        ("member ann ann", "ann is a member of ann"),
        ("member nobody team", "nobody doesn't exist"),
        ("no member bob team", "bob is not a member of team"),
        ("grant SELECT|k.t|ann", "Resource <table k.t> doesn't exist"),
        ("grant SELECT|nope|ann", "Resource <keyspace nope> doesn't exist"),
        ("grant SELECT|k|nobody", "Role nobody doesn't exist"),
        ("grant ALTER|role nobody|ann", "Resource <role nobody> doesn't exist"),
        ("grant SELECT|k|team", "there is nothing to change"),
    ] {
        assert_eq!(run(&mut state, &Command::Role(command(line))), Err(message.to_owned()), "{line}");
    }
}

#[test]
fn creators_own_what_they_made_until_it_is_dropped() {
    let mut state = after("role ann login\nrole bob login\ngrant SELECT|k|bob");
    let by_ann = |command| Command::By { role: "ann".to_owned(), command: Box::new(command) };
    run(&mut state, &by_ann(keyspace("own"))).unwrap();
    run(&mut state, &by_ann(Command::Role(command("role made")))).unwrap();
    let granted = |state: &ClusterState, role: &str| -> Vec<String> {
        state.roles.get(role).unwrap().permissions.keys().map(Resource::to_string).collect()
    };
    assert_eq!(granted(&state, "ann"), ["<keyspace own>", "<role made>", "<all functions in own>"]);
    assert!(may(&state, "ann DROP own.t") && !may(&state, "ann SELECT k.t"));
    for line in ["grant SELECT|own|bob", "grant DESCRIBE|role made|bob", "drop made"] {
        run(&mut state, &Command::Role(command(line))).unwrap();
    }
    run(&mut state, &Command::DropKeyspace { name: "own".to_owned(), if_exists: false }).unwrap();
    assert!(granted(&state, "ann").is_empty());
    assert_eq!(granted(&state, "bob"), ["<keyspace k>"]);
}

#[test]
fn a_later_role_of_the_same_name_is_another() {
    let mut state = after("role ann login");
    let created = |state: &ClusterState| state.roles.get("ann").unwrap().created;
    let first = created(&state);
    for line in ["grant SELECT|k|ann", "role team", "member ann team"] {
        run(&mut state, &Command::Role(command(line))).unwrap();
    }
    assert_eq!((first, created(&state)), (3, 3), "changes make no other role");
    for line in ["drop ann", "role ann login"] {
        run(&mut state, &Command::Role(command(line))).unwrap();
    }
    assert_eq!(created(&state), state.epoch.index);
}

#[test]
fn the_first_role_is_made_once() {
    let mut state = cluster();
    let first = |anew| {
        let (name, salted_hash) = ("cassandra".to_owned(), "hash".to_owned());
        Command::Role(RoleCommand::First { name, salted_hash, anew })
    };
    run(&mut state, &first(false)).unwrap();
    assert!(state.roles.is_superuser("cassandra"));
    assert!(run(&mut state, &first(false)).is_err());
    let settings = RoleSettings { is_superuser: Some(false), can_login: Some(false), salted_hash: None };
    let alter = RoleCommand::Alter { name: "cassandra".to_owned(), if_exists: false, settings };
    for command in [alter, command("role team"), command("member cassandra team")] {
        run(&mut state, &Command::Role(command)).unwrap();
    }
    run(&mut state, &first(true)).unwrap();
    assert!(state.roles.is_superuser("cassandra") && state.roles.is_member("cassandra", "team"));
    let role: &Role = state.roles.get("cassandra").unwrap();
    assert!(role.can_login && !format!("{role:?}").contains("hash"));
}
