//! Checks of the machines under the members. The settings are those of docs/operating/planning.md.

use super::finding::{Finding, is_on_one_machine, machines};
use henge_operator::{ClusterHealth, KernelSetting, MachineHealth, size_text};

/// A disk with less of it free than this part, beyond the reserve, has no room for a compaction of its largest files.
const FREE_PERCENT_MIN: u64 = 15;
/// A certificate that expires within so many days.
const CERTIFICATE_DAYS_MIN: i64 = 30;
/// Files that a process should be allowed: a thousand files of tables, and a connection each for tens of thousands of clients.
const OPEN_FILES_MIN: u64 = 65_536;

/// A limit of a setting of the kernel.
#[derive(Clone, Copy)]
enum Limit {
    Min(u64),
    /// At most, if there is swap space.
    MaxWithSwap(u64),
}

/// Settings of the kernel, their bounds, and what else happens.
const KERNEL: [(&str, Limit, &str); 5] = [
    ("vm.max_map_count", Limit::Min(262_144), "many threads and blocks of memory are as many mappings"),
    ("vm.swappiness", Limit::MaxWithSwap(10), "memory of the node is swapped out, and requests wait for it"),
    ("net.core.somaxconn", Limit::Min(4_096), "clients that connect at once are turned away"),
    ("net.core.rmem_max", Limit::Min(8_388_608), "bursts of datagrams between nodes are lost"),
    ("net.core.wmem_max", Limit::Min(8_388_608), "bursts of datagrams between nodes are lost"),
];

/// Disks that are full, or nearly.
pub(super) fn disks(cluster: &ClusterHealth) -> Vec<Finding> {
    let next =
        "henge admin tablestats and listsnapshots say what takes room: clear snapshots, drop tables, or add nodes";
    let mut findings = Vec::new();
    for (member, health, machine) in machines(cluster) {
        let (free, reserve, total) = (health.disk_free_bytes, health.disk_reserve_bytes, machine.disk_total_bytes);
        let usable = free.saturating_sub(reserve);
        let [free_text, total_text] = [free, total].map(size_text);
        if free <= reserve {
            let problem = format!(
                "the disk is full: {free_text} of {total_text} are free, and writes leave {} free",
                size_text(reserve)
            );
            findings.push(Finding::of_member("disks", member, problem, next));
        } else if total > 0 && usable < total / 100 * FREE_PERCENT_MIN {
            let problem = format!("the disk is nearly full: {free_text} of {total_text} are free");
            findings.push(Finding::of_member("disks", member, problem, next));
        }
    }
    findings
}

/// Certificates that expire soon, or have.
pub(super) fn certificates(cluster: &ClusterHealth) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (member, _, machine) in machines(cluster) {
        let near = machine.certificates.iter().filter(|one| one.seconds_left < CERTIFICATE_DAYS_MIN * 86_400);
        findings.extend(near.map(|certificate| {
            let shown_to = &certificate.shown_to;
            let problem = match certificate.seconds_left / 86_400 {
                _ if certificate.seconds_left <= 0 => format!("the certificate for {shown_to} has expired"),
                days => format!("the certificate for {shown_to} expires in {days} days"),
            };
            let next = match shown_to.as_str() {
                "peers" => "henge cert request on the node, henge cert sign --overwrite where the authority is, and node.pem back to the node: it is taken without a restart",
                _ => "write a new certificate and key where client_encryption_options has them: they are taken without a restart",
            };
            Finding::of_member("certificates", member, problem, next)
        }));
    }
    findings
}

/// Too few files that the process may have open.
pub(super) fn limits(cluster: &ClusterHealth) -> Vec<Finding> {
    let low = machines(cluster).filter(|(_, _, machine)| machine.open_files_max < OPEN_FILES_MIN);
    let finding = |(member, machine): (_, &MachineHealth)| {
        let problem = format!("the process may have {} files open", machine.open_files_max);
        let next = "LimitNOFILE=1048576 in its unit (ulimit -n 1048576), and restart it";
        Finding::of_member("limits", member, problem, next).advised_if(is_on_one_machine(cluster))
    };
    low.map(|(member, _, machine)| finding((member, machine))).collect()
}

/// Settings of the kernel that are too low or too high.
pub(super) fn kernel(cluster: &ClusterHealth) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (member, _, machine) in machines(cluster) {
        for KernelSetting { name, value } in &machine.kernel {
            let Some((_, bound, consequence)) = KERNEL.iter().find(|(known, _, _)| known == name) else { continue };
            let wanted = match *bound {
                Limit::Min(least) if *value < least => least,
                Limit::MaxWithSwap(most) if *value > most && machine.swap_bytes > 0 => 1,
                _ => continue,
            };
            let problem = format!("{name} is {value}: {consequence}");
            let next = format!("sysctl -w {name}={wanted}, and the same line in /etc/sysctl.d");
            let finding = Finding::of_member("kernel", member, problem, next);
            findings.push(finding.advised_if(is_on_one_machine(cluster)));
        }
    }
    findings
}

/// Clocks that nothing keeps right.
pub(super) fn time_sources(cluster: &ClusterHealth) -> Vec<Finding> {
    let unset = machines(cluster).filter(|(_, _, machine)| machine.is_time_synchronised == Some(false));
    let finding = |(member, _, _): (_, _, _)| {
        let problem = "the kernel's clock is not synchronised with a time source".to_owned();
        let next = "run chrony or NTP, with the same servers on every machine; chronyc tracking shows it";
        Finding::of_member("time_sources", member, problem, next).advised_if(is_on_one_machine(cluster))
    };
    unset.map(finding).collect()
}
