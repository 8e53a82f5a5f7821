//! A backup of the cluster: every member brings its files to the place, all beginning at about the same time, and the manifest is written
//! when all are there.

use super::{Interruption, Operations, Steps, failure};
use henge_backup::{BackupError, BackupManifest, NodeEntry, Place, TableName, is_name, read_backup, write_backup};
use henge_node::HostId;
use henge_operator::{BackupOrder, Failure, FailureKind, MemberBackup, OperationOutcome};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;

/// Between two questions to members.
const POLL_INTERVAL: Duration = Duration::from_millis(300);
/// A member that does not answer for so long ends the backup: longer than a restart takes.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// A backup to make.
pub(super) struct BackupPlan<'a> {
    pub(super) to: &'a str,
    pub(super) name: &'a str,
    pub(super) bytes_per_second: u64,
    pub(super) without_down: bool,
}

impl Operations {
    /// Backs all members up.
    pub(super) fn back_up(&self, plan: &BackupPlan<'_>, steps: &Steps) -> Result<OperationOutcome, Interruption> {
        let place = open_place(plan.to).map_err(Interruption::Failed)?;
        check_name(&*place, plan.name).map_err(Interruption::Failed)?;
        let (members, missing) = self.members_to_back_up(plan.without_down).map_err(Interruption::Failed)?;
        let order = BackupOrder {
            to: plan.to.to_owned(),
            name: plan.name.to_owned(),
            run: run_number(),
            bytes_per_second: plan.bytes_per_second,
            is_aborted: false,
        };
        // Before anybody begins: what was acknowledged by now is in every copy that has it.
        let (began_seconds, schema) = (now_seconds(), self.node.schema_statements());
        let done = match self.follow(&members, &order, steps) {
            Ok(done) => done,
            Err(interruption) => {
                self.stop_members(&members, &order);
                return Err(interruption);
            }
        };
        let node = |(host, part): (&HostId, &MemberBackup)| NodeEntry {
            host_id: host.to_string(),
            manifest: part.manifest.clone().unwrap_or_default(),
            bytes: part.done_bytes,
        };
        let backup = BackupManifest {
            format: 1,
            name: plan.name.to_owned(),
            cluster: self.node.keyspaces().0,
            began_seconds,
            finished_seconds: now_seconds(),
            tables: self.node.tables_of_users().into_iter().map(table_name).collect(),
            schema,
            nodes: done.iter().map(node).collect(),
            missing,
        };
        write_backup(&*place, &backup).map_err(|error| Interruption::Failed(failure(error)))?;
        // Read back at once: a place that other members see elsewhere has none of their manifests.
        read_all_nodes(&*place, plan.name).map_err(Interruption::Failed)?;
        let sum = |of: fn(&MemberBackup) -> u64| done.values().map(of).sum::<u64>();
        Ok(OperationOutcome::BackedUp {
            name: plan.name.to_owned(),
            nodes: done.len() as u64,
            bytes: sum(|part| part.done_bytes),
            written_bytes: sum(|part| part.written_bytes),
        })
    }

    /// The members that are up, and the host ids of the others, if they may be left out.
    fn members_to_back_up(&self, without_down: bool) -> Result<(Vec<HostId>, Vec<String>), Failure> {
        let (up, down): (Vec<_>, Vec<_>) = self.node.members().into_iter().partition(|report| report.is_up);
        if let Some(report) = down.first().filter(|_| !without_down) {
            return Err(failure(format!(
                "{} is down: start it, or leave out what is down (--without-down); rows of which only it has a copy are missing then",
                report.member.address
            )));
        }
        let hosts = up.into_iter().map(|report| report.member.id).collect();
        Ok((hosts, down.into_iter().map(|report| report.member.id.to_string()).collect()))
    }

    /// Asks members until all are done.
    fn follow(
        &self,
        members: &[HostId],
        order: &BackupOrder,
        steps: &Steps,
    ) -> Result<BTreeMap<HostId, MemberBackup>, Interruption> {
        let (mut heard, mut parts) = (BTreeMap::<HostId, Instant>::new(), BTreeMap::<HostId, MemberBackup>::new());
        loop {
            if steps.is_aborted.load(Ordering::Relaxed) {
                return Err(Interruption::Aborted);
            }
            for (host, answer) in Handle::current().block_on(self.node.back_up_members(members, order)) {
                let since = *heard.entry(host).or_insert_with(Instant::now);
                match answer {
                    Ok(MemberBackup { error: Some(error), .. }) => {
                        return Err(Interruption::Failed(failure(format!("host {host}: {error}"))));
                    }
                    Ok(part) => {
                        heard.insert(host, Instant::now());
                        parts.insert(host, part);
                    }
                    Err(error) if since.elapsed() > SILENCE_MAX => {
                        return Err(Interruption::Failed(failure(format!("host {host} does not answer: {error}"))));
                    }
                    Err(_) => {}
                }
            }
            // In megabytes, so that a person can read them.
            let sum = |of: fn(&MemberBackup) -> u64| parts.values().map(of).sum::<u64>() >> 20;
            steps.done.store(sum(|part| part.done_bytes), Ordering::Relaxed);
            steps.total.store(sum(|part| part.total_bytes), Ordering::Relaxed);
            if parts.len() == members.len() && parts.values().all(|part| part.manifest.is_some()) {
                return Ok(parts);
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// Has members stop; whoever does not hear of it ends by itself, and its part is in no backup.
    fn stop_members(&self, members: &[HostId], order: &BackupOrder) {
        let stop = BackupOrder { is_aborted: true, ..order.clone() };
        Handle::current().block_on(self.node.back_up_members(members, &stop));
    }
}

/// Opens a place.
pub(super) fn open_place(to: &str) -> Result<Box<dyn Place>, Failure> {
    henge_backup::open_place(to).map_err(|error| match error {
        BackupError::Place { .. } => Failure::new(FailureKind::Invalid, error),
        error => failure(error),
    })
}

fn check_name(place: &dyn Place, name: &str) -> Result<(), Failure> {
    if !is_name(name) {
        return Err(Failure::new(FailureKind::Invalid, format!("{name:?} cannot name a backup")));
    }
    match read_backup(place, name) {
        Ok(_) => Err(Failure::new(FailureKind::Exists, format!("there is a backup {name} there already"))),
        Err(_) => Ok(()),
    }
}

fn read_all_nodes(place: &dyn Place, name: &str) -> Result<(), Failure> {
    let backup = read_backup(place, name).map_err(failure)?;
    for node in &backup.nodes {
        henge_backup::read_node(place, name, node).map_err(|error| {
            failure(format!("{error}: is {name} in a place that all members share? The backup cannot be used"))
        })?;
    }
    Ok(())
}

fn table_name((keyspace, table): (String, String)) -> TableName {
    TableName { keyspace, table }
}

fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A number that no other attempt has: nanoseconds since 1970.
fn run_number() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
