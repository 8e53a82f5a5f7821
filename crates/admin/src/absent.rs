//! Commands of nodetool that Henge has no use for: each is answered with a sentence that says what to do instead, and no node is asked.

/// Names of nodetool, with what to do instead.
const ABSENT: &[(&[&str], &str)] = &[
    (&["assassinate"], "henge admin removenode HOST_ID removes a member that is down for good"),
    (
        &["bootstrap", "join"],
        "a node that joins goes on by itself after a restart; henge admin plan shows how far it is",
    ),
    (
        &["checktokenmetadata"],
        "gossip carries no tokens that could differ from the metadata log; henge admin metadata shows its end",
    ),
    (
        &[
            "cidrfilteringstats",
            "dropcidrgroup",
            "getcidrgroupsofip",
            "invalidatecidrpermissionscache",
            "reloadcidrgroupscache",
            "updatecidrgroup",
        ],
        "access of roles cannot be bound to networks; use a firewall",
    ),
    (
        &["compactionhistory"],
        "past compactions are not kept; henge admin compactionstats shows the present, and henge admin operations those that were asked for",
    ),
    (&["datapaths"], "all tables lie in data_directory, and henge admin tablestats shows how large each is"),
    (
        &["disableauditlog", "enableauditlog", "getauditlog"],
        "there is no audit log of statements; trace requests instead",
    ),
    (
        &["disableautocompaction", "enableautocompaction", "statusautocompaction"],
        "compaction cannot be switched off: RocksDB paces itself; henge admin compactionstats shows it",
    ),
    (
        &["disablebackup", "enablebackup", "statusbackup"],
        "henge admin backup PLACE copies what the place does not have yet, of the whole cluster",
    ),
    (
        &["disablebinary", "enablebinary"],
        "a node always serves clients; stop it to have it serve nobody (SIGTERM, or systemctl stop henge)",
    ),
    (
        &["disablegossip", "enablegossip"],
        "a node always gossips; stop it to take it out for a while (SIGTERM, or systemctl stop henge)",
    ),
    (
        &["disablehandoff", "enablehandoff"],
        "set hinted_handoff_enabled and restart; henge admin pausehandoff stops the delivery of hints",
    ),
    (
        &["disablehintsfordc", "enablehintsfordc"],
        "hints are kept for all datacentres or for none: set hinted_handoff_enabled and restart",
    ),
    (
        &["disableoldprotocolversions", "enableoldprotocolversions"],
        "versions 3 to 5 of the native protocol are always served; choose one in the driver",
    ),
    (&["drain"], "stop the node (SIGTERM, or systemctl stop henge), which does all that drain does"),
    (&["stopdaemon"], "send the process SIGTERM, or call systemctl stop henge"),
    (
        &["failuredetector"],
        "henge admin status shows who seems up, and henge admin gossipinfo what was heard of each member",
    ),
    (
        &["forcecompact", "garbagecollect"],
        "deletions are purged by themselves once they are proven to be everywhere; henge admin compact KEYSPACE TABLE rewrites a table's files",
    ),
    (&["gcstats"], "there is no garbage collector, and nothing to watch"),
    (
        &["getauthcacheconfig", "setauthcacheconfig"],
        "roles and permissions are not cached: a change of them holds at once, and nothing is to be set",
    ),
    (
        &[
            "invalidatecredentialscache",
            "invalidatejmxpermissionscache",
            "invalidatenetworkpermissionscache",
            "invalidatepermissionscache",
            "invalidaterolescache",
        ],
        "roles and permissions are not cached: a change of them holds at once, and nothing is to be done",
    ),
    (
        &["invalidatecountercache", "invalidatekeycache", "invalidaterowcache"],
        "there is only a cache of blocks of files, which are never out of date; nothing is to be done",
    ),
    (&["setcachecapacity", "setcachekeystosave"], "there is one cache, a part of memory: set memory and restart"),
    (
        &["getbatchlogreplaythrottle", "setbatchlogreplaythrottle", "replaybatchlog"],
        "batches are replayed by themselves; SELECT * FROM system_views.workers shows how far that is",
    ),
    (
        &["getcolumnindexsize", "setcolumnindexsize"],
        "partitions have no index of their columns: each row has a key of its own, and nothing is to be set",
    ),
    (
        &["getcompactionthreshold", "setcompactionthreshold"],
        "RocksDB chooses what it compacts, and nothing is to be set; henge admin compactionstats shows what waits",
    ),
    (
        &["setcompactionthroughput"],
        "RocksDB paces itself, and nothing is to be set; henge admin getcompactionthroughput shows the bound",
    ),
    (
        &["getconcurrency", "setconcurrency"],
        "set cores, the threads that serve clients, and restart; henge admin tpstats shows what they do",
    ),
    (
        &["getconcurrentcompactors", "setconcurrentcompactors"],
        "the threads of compaction are not to be set; henge admin compactionstats shows how many there are",
    ),
    (
        &["getconcurrentviewbuilders", "setconcurrentviewbuilders", "viewbuildstatus"],
        "there are no materialized views; write a second table, or make an index",
    ),
    (&["rebuild_index"], "an index builds itself; SELECT * FROM system.\"IndexInfo\" shows those that are built"),
    (
        &["getdefaultrf", "setdefaultrf"],
        "set default_keyspace_rf and restart; SELECT * FROM system_views.settings shows what is in effect",
    ),
    (
        &["disablefullquerylog", "enablefullquerylog", "getfullquerylog", "resetfullquerylog"],
        "there is no log of all queries; trace requests instead, or set otlp_sample_share to export spans of a share of them",
    ),
    (
        &["getguardrailsconfig", "setguardrailsconfig"],
        "set guardrails in the configuration and restart; SELECT * FROM system_views.settings shows what is in effect",
    ),
    (
        &["getinterdcstreamthroughput", "getstreamthroughput", "setinterdcstreamthroughput", "setstreamthroughput"],
        "set stream_throughput_outbound and restart; SELECT * FROM system_views.settings shows what is in effect",
    ),
    (
        &["getmaxhintwindow", "setmaxhintwindow", "sethintedhandoffthrottlekb"],
        "set max_hint_window or hinted_handoff_throttle and restart; SELECT * FROM system_views.settings shows what is in effect",
    ),
    (
        &["gettimeout", "settimeout"],
        "set read_request_timeout, range_request_timeout or write_request_timeout and restart; SELECT * FROM system_views.settings shows what is in effect",
    ),
    (&["getseeds", "reloadseeds"], "seeds are read at the start only; SELECT * FROM system_views.settings shows them"),
    (
        &["getsnapshotthrottle", "setsnapshotthrottle"],
        "a snapshot links few files and needs no throttle; nothing is to be set",
    ),
    (&["getsstables"], "tables share files; henge admin getendpoints KEYSPACE TABLE KEY shows who has a partition"),
    (
        &["gettraceprobability", "settraceprobability"],
        "have clients ask for traces (TRACING ON), or set otlp_sample_share and restart to export spans of a share of all requests",
    ),
    (&["move"], "a node keeps its tokens; to give it others, have it leave by henge admin decommission, and join anew"),
    (
        &["profileload", "toppartitions", "tablehistograms", "cfhistograms", "rangekeysample", "refreshsizeestimates"],
        "henge admin tablestats shows reads, writes and partitions by table; trace requests to see more",
    ),
    (&["cfstats"], "call henge admin tablestats"),
    (
        &["recompress_sstables", "relocatesstables", "scrub", "upgradesstables"],
        "every read checks checksums, and compaction moves files to new formats; henge admin compact KEYSPACE TABLE rewrites a table's files now",
    ),
    (
        &["refresh"],
        "SSTables cannot be loaded; henge admin import reads a live cluster, and henge admin restore a backup",
    ),
    (
        &["reloadlocalschema", "resetlocalschema"],
        "a node follows the metadata log by itself, and nothing is to be done; henge admin metadata shows where it ends",
    ),
    (&["reloadssl"], "changed certificates are taken within a second, and nothing is to be done"),
    (&["reloadtriggers"], "there are no triggers, and nothing is to be done"),
    (
        &["repair_admin"],
        "repair runs by itself and has no sessions to look after; SELECT * FROM system_views.repairs shows what is proven",
    ),
    (&["sjk"], "there is no JVM to look into; henge admin info and henge admin tpstats show memory and threads"),
    (&["stop"], "henge admin operations lists what runs, and henge admin abort ID stops a compaction"),
];

/// The sentence for a name of nodetool that Henge has no use for; `None` of any other name.
pub fn absent_command(name: &str) -> Option<String> {
    let (_, advice) = ABSENT.iter().find(|(names, _)| names.contains(&name))?;
    Some(format!("there is no {name}: {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AdminOptions;
    use clap::{Args, Command};
    use std::collections::BTreeSet;

    /// The commands of nodetool 5.0.6.
    const NODETOOL: &str = "assassinate bootstrap checktokenmetadata cidrfilteringstats cleanup clearsnapshot clientstats compact \
        compactionhistory compactionstats datapaths decommission describecluster describering disableauditlog disableautocompaction \
        disablebackup disablebinary disablefullquerylog disablegossip disablehandoff disablehintsfordc disableoldprotocolversions drain \
        dropcidrgroup enableauditlog enableautocompaction enablebackup enablebinary enablefullquerylog enablegossip enablehandoff \
        enablehintsfordc enableoldprotocolversions failuredetector flush forcecompact garbagecollect gcstats getauditlog \
        getauthcacheconfig getbatchlogreplaythrottle getcidrgroupsofip getcolumnindexsize getcompactionthreshold \
        getcompactionthroughput getconcurrency getconcurrentcompactors getconcurrentviewbuilders getdefaultrf getendpoints \
        getfullquerylog getguardrailsconfig getinterdcstreamthroughput getlogginglevels getmaxhintwindow getseeds getsnapshotthrottle \
        getsstables getstreamthroughput gettimeout gettraceprobability gossipinfo import info invalidatecidrpermissionscache \
        invalidatecountercache invalidatecredentialscache invalidatejmxpermissionscache invalidatekeycache \
        invalidatenetworkpermissionscache invalidatepermissionscache invalidaterolescache invalidaterowcache join listpendinghints \
        listsnapshots move netstats pausehandoff profileload proxyhistograms rangekeysample rebuild rebuild_index recompress_sstables \
        refresh refreshsizeestimates reloadcidrgroupscache reloadlocalschema reloadseeds reloadssl reloadtriggers relocatesstables \
        removenode repair repair_admin replaybatchlog resetfullquerylog resetlocalschema resumehandoff ring scrub setauthcacheconfig \
        setbatchlogreplaythrottle setcachecapacity setcachekeystosave setcolumnindexsize setcompactionthreshold \
        setcompactionthroughput setconcurrency setconcurrentcompactors setconcurrentviewbuilders setdefaultrf setguardrailsconfig \
        sethintedhandoffthrottlekb setinterdcstreamthroughput setlogginglevel setmaxhintwindow setsnapshotthrottle \
        setstreamthroughput settimeout settraceprobability sjk snapshot status statusautocompaction statusbackup statusbinary \
        statusgossip statushandoff stop stopdaemon tablehistograms tablestats toppartitions tpstats truncatehints updatecidrgroup \
        upgradesstables verify version viewbuildstatus";

    #[test]
    fn every_command_of_nodetool_is_there_or_answered() {
        let admin = AdminOptions::augment_args(Command::new("admin"));
        let names = |command| std::iter::once(Command::get_name(command)).chain(command.get_visible_aliases());
        let own: BTreeSet<&str> = admin.get_subcommands().flat_map(names).collect();
        for name in NODETOOL.split_whitespace() {
            assert!(own.contains(name) != absent_command(name).is_some(), "{name}");
        }
        let names: Vec<&str> = ABSENT.iter().flat_map(|(names, _)| names.iter().copied()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(names.iter().all(|name| !own.contains(name)));
        assert_eq!(absent_command("flsh"), None);
    }

    #[test]
    fn advice_names_commands_that_are_there() {
        let admin = AdminOptions::augment_args(Command::new("admin"));
        for (names, advice) in ABSENT {
            for part in advice.split("henge admin ").skip(1) {
                let name = part.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
                assert!(admin.find_subcommand(name).is_some(), "{names:?}: {name}");
            }
        }
    }

    #[test]
    fn an_answer_names_the_command_and_the_way() {
        assert_eq!(
            absent_command("assassinate").as_deref(),
            Some("there is no assassinate: henge admin removenode HOST_ID removes a member that is down for good")
        );
    }
}
