//! Each check finds its problem, alone, in a cluster that is well otherwise.

use super::*;
use henge_operator::{
    CertificateHealth, ClusterReport, DownMember, FailingWorker, HintHealth, KernelSetting, MachineHealth, Member,
    MemberHealth, MemberState, MetadataLog, NodeHealth, OldestProof, Plan, PlanUnderWay, PlanWait, RepairHealth, Voter,
};

const DAY: u64 = 86_400;

fn host(number: usize) -> String {
    format!("host-{number}")
}

fn address(number: usize) -> String {
    format!("10.0.0.{number}:7000")
}

fn kernel(values: [u64; 5]) -> Vec<KernelSetting> {
    let names = ["vm.max_map_count", "vm.swappiness", "net.core.somaxconn", "net.core.rmem_max", "net.core.wmem_max"];
    names.into_iter().zip(values).map(|(name, value)| KernelSetting { name: name.to_owned(), value }).collect()
}

fn health() -> NodeHealth {
    NodeHealth {
        release: "0.1.0".to_owned(),
        index: 40,
        uptime_seconds: DAY,
        hints: HintHealth { is_enabled: true, window_seconds: 10_800, ..HintHealth::default() },
        repair: RepairHealth {
            is_enabled: true,
            oldest: Some(OldestProof {
                keyspace: "ks".to_owned(),
                table: "t".to_owned(),
                age_seconds: 300,
                last_error: None,
            }),
        },
        disk_free_bytes: 60 << 30,
        disk_reserve_bytes: 1 << 30,
        machine: Some(MachineHealth {
            disk_total_bytes: 100 << 30,
            certificates: vec![CertificateHealth { shown_to: "peers".to_owned(), seconds_left: 90 * 86_400 }],
            open_files_max: 1_048_576,
            kernel: kernel([262_144, 60, 4_096, 8_388_608, 8_388_608]),
            swap_bytes: 0,
            is_time_synchronised: Some(true),
        }),
        ..NodeHealth::default()
    }
}

/// Three members that are well.
fn well() -> ClusterHealth {
    let member = |number: usize| Member {
        host_id: host(number),
        address: address(number),
        datacenter: "dc1".to_owned(),
        rack: "rack1".to_owned(),
        is_up: true,
        state: MemberState::Normal,
        tokens: vec![number as i64],
        owns: 1.0 / 3.0,
        load_bytes: None,
        answers: number == 1,
        clients_address: "127.0.0.1:9042".to_owned(),
        schema_version: None,
    };
    let voter = |number: usize| Voter { host_id: host(number), address: None, is_up: true };
    let told = |number: usize| MemberHealth { host_id: host(number), health: Some(health()), error: None };
    ClusterHealth {
        cluster: ClusterReport {
            name: "Stones".to_owned(),
            members: (1..=3).map(member).collect(),
            is_effective: true,
            is_ambiguous: false,
            keyspaces: Vec::new(),
        },
        log: MetadataLog {
            lineage: 0,
            index: 40,
            hash: "h".to_owned(),
            version: 1,
            lowest_version: 1,
            newest_version: 1,
            voters: (1..=3).map(voter).collect(),
        },
        plan: PlanUnderWay::default(),
        members: (1..=3).map(told).collect(),
    }
}

/// The word of the second member.
fn second(cluster: &mut ClusterHealth) -> &mut NodeHealth {
    cluster.members[1].health.as_mut().unwrap()
}

fn machine(cluster: &mut ClusterHealth) -> &mut MachineHealth {
    second(cluster).machine.as_mut().unwrap()
}

/// The findings of a cluster that is well but for `change`: check, member, problem, next.
fn findings(change: impl FnOnce(&mut ClusterHealth)) -> Vec<Finding> {
    let mut cluster = well();
    change(&mut cluster);
    Diagnosis::of(&cluster).findings
}

/// Asserts that `change` is found by one check, once, in these words, and is a problem.
fn assert_found(check: &str, words: &[&str], change: impl FnOnce(&mut ClusterHealth)) {
    let found = findings(change);
    let [one] = &found[..] else { panic!("one problem is expected: {found:?}") };
    assert_eq!((one.check, one.is_advice), (check, false), "{one:?}");
    let text = format!("{} {} {}", one.member.as_deref().unwrap_or("-"), one.problem, one.next);
    words.iter().for_each(|word| assert!(text.contains(word), "{word:?} in {text}"));
}

#[test]
fn a_cluster_without_problems_is_well_and_lists_what_was_checked() {
    let diagnosis = Diagnosis::of(&well());
    assert!(diagnosis.is_well(), "{:?}", diagnosis.findings);
    let text = diagnosis.text();
    assert!(text.starts_with("Cluster Stones is well: 3 of 3 members answered\n\nChecked\n  - members: "), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("  - ")).count(), CHECKS.len());
}

#[test]
fn members_that_are_down_are_told_with_the_way_back() {
    let down = |seconds: u64| {
        move |cluster: &mut ClusterHealth| {
            cluster.cluster.members[2].is_up = false;
            cluster.members[2] = MemberHealth { host_id: host(3), health: None, error: Some("it is down".to_owned()) };
            second(cluster).down = vec![DownMember { host_id: host(3), seconds }];
        }
    };
    assert_found("members", &[&address(3), "down for 2 h", "hints"], down(7_200));
    assert_found("members", &["down for 3 days, longer than hints are kept", "--replace host-3"], down(3 * DAY));
}

#[test]
fn members_that_do_not_answer_or_serve_are_told() {
    assert_found("answers", &[&address(2), "does not say how it is: timed out"], |cluster| {
        cluster.members[1] = MemberHealth { host_id: host(2), health: None, error: Some("timed out".to_owned()) };
    });
    let waits = |cluster: &mut ClusterHealth| second(cluster).not_ready = Some("joining".to_owned());
    assert_found("answers", &["serves no clients: joining"], waits);
    let joining = findings(|cluster| {
        waits(cluster);
        cluster.cluster.members[1].state = MemberState::Joining;
    });
    assert!(matches!(&joining[..], [one] if one.is_advice), "{joining:?}");
}

#[test]
fn clocks_are_told_before_and_after_they_are_distrusted() {
    assert_found("clocks", &["250 ms ahead", "chrony"], |cluster| second(cluster).clock_ahead_millis = 250);
    assert_found("clocks", &["coordinates no writes: it jumped"], |cluster| {
        second(cluster).clock_distrust = Some("it jumped".to_owned());
    });
    assert_eq!(findings(|cluster| second(cluster).clock_ahead_millis = -100), []);
}

#[test]
fn members_behind_the_metadata_log_and_lost_voters_are_told() {
    assert_found("metadata", &[&address(2), "has entry 38", "others have 40"], |cluster| second(cluster).index = 38);
    assert_found("metadata", &["voters on the metadata log", "1 of 3"], |cluster| {
        cluster.log.voters[1].is_up = false;
        cluster.log.voters[2].is_up = false;
    });
    let lineages = findings(|cluster| {
        cluster.members[0].health.as_mut().unwrap().lineage = 1;
        cluster.members[2].health.as_mut().unwrap().lineage = 1;
    });
    assert!(matches!(&lineages[..], [one] if one.next.contains("replace it")), "{lineages:?}");
}

#[test]
fn hints_that_nobody_keeps_or_delivers_are_told() {
    assert_found("hints", &["hinted_handoff_enabled"], |cluster| second(cluster).hints.is_enabled = false);
    assert_found("hints", &["resumehandoff"], |cluster| second(cluster).hints.is_paused = true);
    assert_found("hints", &["7 hints wait, the oldest for 2 h"], |cluster| {
        let hints = &mut second(cluster).hints;
        (hints.count, hints.oldest_age_seconds) = (7, 7_200);
    });
}

#[test]
fn ranges_that_are_not_proven_are_told() {
    assert_found("proofs", &["ks.t", "3 days ago: host-3 is down", "henge admin repair ks t"], |cluster| {
        let oldest = second(cluster).repair.oldest.as_mut().unwrap();
        (oldest.age_seconds, oldest.last_error) = (3 * DAY, Some("host-3 is down".to_owned()));
    });
    assert_found("proofs", &["auto_repair_enabled"], |cluster| second(cluster).repair.is_enabled = false);
}

#[test]
fn an_uneven_ring_is_told_of_settled_members() {
    let uneven = |cluster: &mut ClusterHealth| {
        for (member, owns) in cluster.cluster.members.iter_mut().zip([0.3, 0.6, 0.3]) {
            member.owns = owns;
        }
    };
    assert_eq!(findings(uneven), []);
    assert_found("ring", &[&address(2), "has 80 % of the ring, the mean of dc1 is 47 %"], |cluster| {
        uneven(cluster);
        cluster.cluster.members[1].owns = 0.8;
    });
    assert_eq!(findings(|cluster| cluster.cluster.members[2].state = MemberState::Joining), []);
}

#[test]
fn a_plan_that_does_not_move_is_told() {
    let plan = |driver: Option<&str>| Plan {
        id: 9,
        change: "host-3 joins".to_owned(),
        step: "streaming".to_owned(),
        driver: driver.map(str::to_owned),
        progress: String::new(),
        gainers: Vec::new(),
        bytes_done: 0,
        bytes_total: 0,
        seconds_left: None,
    };
    let waits = |seconds: u64| {
        move |cluster: &mut ClusterHealth| {
            cluster.plan.plan = Some(plan(Some("host-2")));
            second(cluster).plan_wait =
                Some(PlanWait { plan: 9, progress: "host-3 does not answer".to_owned(), unchanged_seconds: seconds });
        }
    };
    assert_eq!(findings(waits(60)), []);
    assert_found(
        "plan",
        &["plan 9 (host-3 joins) has not moved for 20 min: host-3 does not answer", "abort"],
        waits(1_200),
    );
    assert_found("plan", &["no driver"], |cluster| cluster.plan.plan = Some(plan(None)));
}

#[test]
fn failing_workers_and_mixed_releases_are_told() {
    assert_found("workers", &["cleanup fails", "the disk is full"], |cluster| {
        let failing = FailingWorker { worker: "cleanup".to_owned(), error: "the disk is full".to_owned() };
        second(cluster).failing_workers = vec![failing];
    });
    let mixed = findings(|cluster| second(cluster).release = "0.2.0".to_owned());
    assert!(matches!(&mixed[..], [one] if one.is_advice && one.problem.contains("0.1.0, 0.2.0")), "{mixed:?}");
}

#[test]
fn disks_and_certificates_near_their_end_are_told() {
    assert_found("disks", &["nearly full: 12.00 GiB of 100.00 GiB"], |cluster| {
        second(cluster).disk_free_bytes = 12 << 30;
    });
    assert_found("disks", &["the disk is full"], |cluster| second(cluster).disk_free_bytes = 1 << 30);
    let certificate = |shown_to: &str, days: i64| {
        let certificate = CertificateHealth { shown_to: shown_to.to_owned(), seconds_left: days * 86_400 };
        move |cluster: &mut ClusterHealth| machine(cluster).certificates = vec![certificate]
    };
    assert_found(
        "certificates",
        &["for peers expires in 12 days", "henge cert request", "henge cert sign"],
        certificate("peers", 12),
    );
    assert_found("certificates", &["for clients has expired", "client_encryption_options"], certificate("clients", -1));
}

#[test]
fn machines_that_are_not_set_up_are_told_and_only_advised_on_loopback() {
    let low = |cluster: &mut ClusterHealth| machine(cluster).open_files_max = 1_024;
    let unset = |cluster: &mut ClusterHealth| machine(cluster).is_time_synchronised = Some(false);
    let small =
        |cluster: &mut ClusterHealth| machine(cluster).kernel = kernel([65_530, 60, 4_096, 8_388_608, 8_388_608]);
    assert_found("limits", &["1024 files", "LimitNOFILE"], low);
    assert_found("time_sources", &["not synchronised", "chrony"], unset);
    assert_found("kernel", &["vm.max_map_count is 65530", "sysctl -w vm.max_map_count=262144"], small);
    assert_found("kernel", &["vm.swappiness is 60", "vm.swappiness=1"], |cluster| {
        machine(cluster).swap_bytes = 1 << 30
    });
    assert_found("kernel", &["net.core.rmem_max is 212992"], |cluster| {
        machine(cluster).kernel = kernel([262_144, 1, 4_096, 212_992, 8_388_608]);
    });
    let on_loopback = findings(|cluster| {
        low(cluster);
        unset(cluster);
        small(cluster);
        cluster.cluster.members.iter_mut().for_each(|member| member.address = "127.0.0.1:7000".to_owned());
    });
    assert_eq!(on_loopback.len(), 3);
    assert!(on_loopback.iter().all(|finding| finding.is_advice), "{on_loopback:?}");
}

#[test]
fn the_same_problem_of_several_members_is_said_once() {
    let mut cluster = well();
    for told in &mut cluster.members {
        told.health.as_mut().unwrap().hints.is_paused = true;
    }
    let text = Diagnosis::of(&cluster).text();
    assert!(text.starts_with("Cluster Stones has 3 problems: 3 of 3 members answered\n\nProblems\n"), "{text}");
    assert_eq!(text.matches("resumehandoff").count(), 1, "{text}");
    assert!(
        text.contains("  10.0.0.1:7000, 10.0.0.2:7000, 10.0.0.3:7000: delivers no hints") && text.contains("  ! hints"),
        "{text}"
    );
}
