//! Reports, which are answered at once: each is a line of [`each_report`] and a function.

use super::{Operations, describe_snapshot, failure, snapshot_failure};
use henge_node::{Micros, Replication, TableRequests};
use henge_operator::{
    ClusterActivity, ClusterHealth, ClusterReport, Everything, Failure, FailureKind, GainerProgress, Handoff,
    KeyspaceReplication, KeyspaceSelection, Member, MemberState, MetadataLog, PendingHints, Plan, PlanGainer,
    PlanPreview, PlanSource, PlanUnderWay, PreviewSelection, Report, RunningRequest, SchemaItem, Snapshot,
    TableSelection, TableStats, Voter,
};
use henge_storage::TableStatistics;
use std::collections::BTreeMap;
use tokio::runtime::Handle;

/// Takes every report with the function that answers it, which may read the disk.
pub(crate) trait ReportRoutes {
    fn add<R: Report>(self, answer: fn(&Operations, &R::Selection) -> Result<R, Failure>) -> Self;
}

/// Hands every report to `routes`.
pub(crate) fn each_report<T: ReportRoutes>(routes: T) -> T {
    routes
        .add(Operations::list_snapshots)
        .add(Operations::table_stats)
        .add(Operations::metadata_log)
        .add(Operations::handoff)
        .add(Operations::plan)
        .add(Operations::plan_preview)
        .add(Operations::cluster)
        .add(Operations::cluster_health)
        .add(Operations::cluster_activity)
        .add(Operations::schema)
        .add(Operations::requests)
        .add(Operations::node_info)
        .add(Operations::gossip)
        .add(Operations::thread_pools)
        .add(Operations::compaction)
        .add(Operations::latencies)
        .add(Operations::endpoints)
        .add(Operations::describe_ring)
        .add(Operations::clients)
        .add(Operations::logging_levels)
}

impl Operations {
    /// The snapshots, by name; reads the disk.
    fn list_snapshots(&self, _: &Everything) -> Result<Vec<Snapshot>, Failure> {
        Ok(self.snapshots.list().map_err(snapshot_failure)?.iter().map(describe_snapshot).collect())
    }

    /// The end of the metadata log, and its voters.
    #[allow(clippy::unnecessary_wraps)] // As all reports.
    fn metadata_log(&self, _: &Everything) -> Result<MetadataLog, Failure> {
        let end = self.node.log_end();
        let voter = |voter: henge_node::Voter| Voter {
            host_id: voter.host.to_string(),
            address: voter.address.map(|address| address.to_string()),
            is_up: voter.is_up,
        };
        let (version, speaks) = self.node.versions();
        Ok(MetadataLog {
            version,
            lowest_version: speaks.lowest,
            newest_version: speaks.newest,
            lineage: end.epoch.lineage,
            index: end.epoch.index,
            hash: end.hash.to_string(),
            voters: self.node.voters().into_iter().map(voter).collect(),
        })
    }

    /// The change of members under way.
    #[allow(clippy::unnecessary_wraps)] // As all reports.
    fn plan(&self, _: &Everything) -> Result<PlanUnderWay, Failure> {
        let described = Handle::current().block_on(self.node.plan_report());
        let members = self.node.members();
        let address = |host| members.iter().find(|of| of.member.id == host).map(|of| of.member.address.to_string());
        let source = |source: henge_node::StreamSource| PlanSource {
            host_id: source.host.to_string(),
            address: address(source.host),
            bytes_done: source.bytes_done,
            bytes_total: source.bytes_total,
            bytes_per_second: source.bytes_per_second,
        };
        let gainer = |gainer: henge_node::Gainer| PlanGainer {
            host_id: gainer.host.to_string(),
            address: gainer.address.to_string(),
            is_up: gainer.is_up,
            ranges: gainer.ranges,
            sources: gainer.progress.iter().flat_map(|progress| &progress.sources).copied().map(source).collect(),
            progress: gainer.progress.map(|progress| GainerProgress {
                ranges_left: progress.ranges_left,
                bytes_done: progress.bytes_done,
                bytes_total: progress.bytes_total,
                is_done: progress.is_done,
            }),
        };
        let sum = |report: &henge_node::PlanReport, of: fn(&henge_node::GainerProgress) -> u64| {
            report.gainers.iter().filter_map(|gainer| gainer.progress.as_ref()).map(of).sum()
        };
        let plan = described.map(|report| Plan {
            bytes_done: sum(&report, |progress| progress.bytes_done),
            bytes_total: sum(&report, |progress| progress.bytes_total),
            seconds_left: report.seconds_left,
            id: report.plan.id,
            change: report.plan.kind.to_string(),
            step: report.plan.step.to_string(),
            driver: report.driver.map(|host| host.to_string()),
            progress: report.progress,
            gainers: report.gainers.into_iter().map(gainer).collect(),
        });
        Ok(PlanUnderWay { plan })
    }

    /// A change of members or replication, looked at before it begins.
    fn plan_preview(&self, selection: &PreviewSelection) -> Result<PlanPreview, Failure> {
        let preview = Handle::current().block_on(self.node.preview_plan(selection));
        preview.map_err(|unknown| Failure::new(FailureKind::Invalid, unknown))
    }

    /// The cluster and its members.
    fn cluster(&self, selection: &KeyspaceSelection) -> Result<ClusterReport, Failure> {
        let unknown = || Failure::new(FailureKind::NotFound, "there is no such keyspace");
        let owned = self.node.ownership(selection.keyspace.as_deref()).ok_or_else(unknown)?;
        let own = self.node.host();
        let member = |report: henge_node::MemberReport| {
            let mut tokens: Vec<i64> = report.member.tokens.iter().map(|token| token.0).collect();
            tokens.sort_unstable();
            let answers = report.member.id == own;
            Member {
                host_id: report.member.id.to_string(),
                address: report.member.address.to_string(),
                clients_address: report.member.rpc_address.to_string(),
                datacenter: report.member.datacenter.clone(),
                rack: report.member.rack.clone(),
                is_up: report.is_up,
                state: match (report.is_joining, report.is_leaving) {
                    (true, _) => MemberState::Joining,
                    (false, true) => MemberState::Leaving,
                    (false, false) => MemberState::Normal,
                },
                tokens,
                owns: owned.shares.get(&report.member.id).copied().unwrap_or(0.0),
                load_bytes: report.load_bytes.or_else(|| answers.then(|| self.store.figures().live_data_bytes)),
                answers,
                schema_version: report.schema_version.map(|version| version.to_string()),
            }
        };
        let (name, keyspaces) = self.node.keyspaces();
        Ok(ClusterReport {
            name,
            members: self.node.members().into_iter().map(member).collect(),
            is_effective: owned.is_effective,
            is_ambiguous: owned.is_ambiguous,
            keyspaces: keyspaces.into_iter().map(keyspace_replication).collect(),
        })
    }

    /// The cluster, and what every member says of itself.
    fn cluster_health(&self, everything: &Everything) -> Result<ClusterHealth, Failure> {
        Ok(ClusterHealth {
            cluster: self.cluster(&KeyspaceSelection::default())?,
            log: self.metadata_log(everything)?,
            plan: self.plan(everything)?,
            members: Handle::current().block_on(self.node.health_of_members()),
        })
    }

    /// The word of every member that answers at once.
    #[allow(clippy::unnecessary_wraps)] // As all reports.
    fn cluster_activity(&self, _: &Everything) -> Result<ClusterActivity, Failure> {
        Ok(ClusterActivity { members: Handle::current().block_on(self.node.activity_of_members()) })
    }

    /// The schema in statements.
    fn schema(&self, _: &Everything) -> Result<Vec<SchemaItem>, Failure> {
        self.node.schema_items().map_err(failure)
    }

    /// The requests of clients under way, the longest first.
    #[allow(clippy::unnecessary_wraps)] // As all reports.
    fn requests(&self, _: &Everything) -> Result<Vec<RunningRequest>, Failure> {
        let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let request = |query: henge_node::QueryFacts| RunningRequest {
            id: query.id,
            queued_micros: micros(query.queued),
            running_micros: micros(query.running),
            request: query.task,
        };
        let mut requests: Vec<RunningRequest> = self.node.requests_under_way().into_iter().map(request).collect();
        requests.sort_by_key(|request| std::cmp::Reverse(request.running_micros));
        Ok(requests)
    }

    /// Handoff of hints; reads the disk.
    #[allow(clippy::unnecessary_wraps)] // As all reports.
    fn handoff(&self, _: &Everything) -> Result<Handoff, Failure> {
        let seconds = |time: Option<Micros>| u64::try_from(time.unwrap_or_default() / 1_000_000).unwrap_or_default();
        let pending = |pending: henge_node::PendingHints| PendingHints {
            host_id: pending.host.to_string(),
            address: pending.member.as_ref().map(|member| member.address.to_string()),
            rack: pending.member.as_ref().map(|member| member.rack.clone()),
            datacenter: pending.member.map(|member| member.datacenter),
            is_up: pending.is_up,
            count: pending.count,
            bytes: pending.bytes,
            newest_seconds: seconds(pending.span.map(|(_, newest)| newest)),
            oldest_seconds: seconds(pending.span.map(|(oldest, _)| oldest)),
        };
        Ok(Handoff {
            is_enabled: self.node.is_handoff_enabled(),
            is_paused: self.node.is_handoff_paused(),
            pending: self.node.pending_hints().into_iter().map(pending).collect(),
        })
    }

    /// Sizes and requests of tables; reads the disk.
    fn table_stats(&self, selection: &TableSelection) -> Result<Vec<TableStats>, Failure> {
        let is = |name: &String, wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| wanted == name);
        let mut stats = Vec::new();
        for table in self.node.tables() {
            if is(&table.keyspace, &selection.keyspace) && is(&table.name, &selection.table) {
                let TableStatistics { disk_bytes, partitions } =
                    self.store.statistics(table.storage_id).map_err(failure)?;
                let TableRequests { reads, writes } = self.node.table_requests(table.storage_id);
                let (keyspace, table) = (table.keyspace.clone(), table.name.clone());
                stats.push(TableStats { keyspace, table, disk_bytes, partitions, reads, writes });
            }
        }
        if stats.is_empty() && selection.keyspace.is_some() {
            return Err(Failure::new(FailureKind::NotFound, "there is no such table"));
        }
        Ok(stats)
    }
}

fn keyspace_replication((keyspace, replication): (String, Replication)) -> KeyspaceReplication {
    let (class, options) = match replication {
        Replication::Local => ("LocalStrategy", BTreeMap::new()),
        Replication::Simple { factor } => {
            ("SimpleStrategy", BTreeMap::from([("replication_factor".to_owned(), factor.to_string())]))
        }
        Replication::NetworkTopology { factors } => {
            let options = factors.into_iter().map(|(name, factor)| (name, factor.to_string()));
            ("NetworkTopologyStrategy", options.collect())
        }
    };
    KeyspaceReplication { keyspace, class: class.to_owned(), options }
}
