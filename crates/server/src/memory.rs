//! The memory that this process may use.

use std::fs;
use std::path::{Path, PathBuf};

/// The figure if neither file can be read.
const FALLBACK_BYTES: u64 = 1 << 30;

/// The smallest of the machine's memory and the limits of this process's cgroup and of those around it, in bytes.
pub(crate) fn available() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = limit_files(&groups).into_iter().filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok());
    machine.into_iter().chain(limits).min().unwrap_or(FALLBACK_BYTES)
}

/// Bytes of memory that this process has; 0 if the kernel does not say.
pub(crate) fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    kibibytes(&status, "VmRSS:").unwrap_or(0)
}

/// The files that may limit a process's memory, from its line in `/proc/self/cgroup` up to the root: systemd's `MemoryMax` stands in that
/// of its service, a container's limit in its root. Of version 1, the memory controller counts.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let (roots, name): (&[&str], _) = match controllers {
            "" => (&["/sys/fs/cgroup", "/sys/fs/cgroup/unified"], "memory.max"),
            _ if controllers.split(',').any(|controller| controller == "memory") => {
                (&["/sys/fs/cgroup/memory"], "memory.limit_in_bytes")
            }
            _ => continue,
        };
        for root in roots {
            let own = Path::new(root).join(path.trim_start_matches('/'));
            files.extend(own.ancestors().take_while(|group| group.starts_with(root)).map(|group| group.join(name)));
        }
    }
    files
}

fn total(meminfo: &str) -> Option<u64> {
    kibibytes(meminfo, "MemTotal:")
}

/// The bytes that a line of a file of the kernel tells in KiB.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_all_groups_around_a_process_count() {
        let files = |groups| -> Vec<String> {
            limit_files(groups).into_iter().map(|file| file.to_string_lossy().into_owned()).collect()
        };
        let service = files("0::/system.slice/henge.service\n");
        assert!(service.contains(&"/sys/fs/cgroup/system.slice/henge.service/memory.max".to_owned()), "{service:?}");
        assert!(service.contains(&"/sys/fs/cgroup/memory.max".to_owned()), "a container sees its own as the root");
        assert_eq!(
            files("5:cpu,cpuacct:/a\n4:memory:/docker/x\n1:name=systemd:/b\n"),
            ["docker/x/", "docker/", ""].map(|group| format!("/sys/fs/cgroup/memory/{group}memory.limit_in_bytes"))
        );
        assert!(files("nonsense").is_empty());
    }
}
