//! The machine under this process, for an operator: limits, settings of the kernel, its clock.

use henge_operator::{CertificateHealth, KernelSetting, MachineHealth};
use rustix::process::{Resource, getrlimit};
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Settings of the kernel that a node is slower or weaker by if they are wrong (docs/operating/planning.md).
const KERNEL_SETTINGS: [&str; 5] =
    ["vm.max_map_count", "vm.swappiness", "net.core.somaxconn", "net.core.rmem_max", "net.core.wmem_max"];

/// The machine of a node with this data directory and these certificates: each with who is shown it, and its expiry in seconds since 1970,
/// or 0 if there is none.
pub(crate) fn read_machine(data_directory: &Path, certificates: &[(&str, u64)]) -> MachineHealth {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let left = |expiry: u64| i64::try_from(expiry).unwrap_or(i64::MAX).saturating_sub_unsigned(now);
    let used = certificates.iter().filter(|(_, expiry)| *expiry > 0);
    MachineHealth {
        disk_total_bytes: rustix::fs::statvfs(data_directory)
            .map_or(0, |disk| disk.f_blocks.saturating_mul(disk.f_frsize)),
        certificates: used
            .map(|(shown_to, expiry)| CertificateHealth {
                shown_to: (*shown_to).to_owned(),
                seconds_left: left(*expiry),
            })
            .collect(),
        open_files_max: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
        kernel: KERNEL_SETTINGS.into_iter().filter_map(read_setting).collect(),
        swap_bytes: fs::read_to_string("/proc/meminfo").map_or(0, |text| swap_bytes(&text)),
        is_time_synchronised: is_time_synchronised(),
    }
}

fn read_setting(name: &str) -> Option<KernelSetting> {
    let path = Path::new("/proc/sys").join(name.replace('.', "/"));
    let value = fs::read_to_string(path).ok()?.trim().parse().ok()?;
    Some(KernelSetting { name: name.to_owned(), value })
}

/// Bytes of swap space, by the text of /proc/meminfo.
fn swap_bytes(text: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix("SwapTotal:"));
    let kibibytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0).saturating_mul(1024)
}

/// True if something keeps the kernel's clock at the right time, as NTP does.
fn is_time_synchronised() -> Option<bool> {
    // SAFETY: all zeros is a valid timex, which asks for nothing to be changed; the kernel writes within it, and keeps no pointer to it.
    let (state, status) = unsafe {
        let mut clock: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut clock), clock.status)
    };
    (state >= 0).then_some(state != libc::TIME_ERROR && status & libc::STA_UNSYNC == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_is_read_from_what_the_kernel_says() {
        assert_eq!(swap_bytes("MemTotal: 5 kB\nSwapTotal:       2048 kB\nSwapFree: 0 kB\n"), 2_097_152);
        assert_eq!(swap_bytes("SwapTotal: none\n"), 0);
    }

    #[test]
    fn a_machine_tells_its_limits_and_the_certificates_that_are_used() {
        let machine = read_machine(Path::new("."), &[("peers", 1), ("clients", 0)]);
        assert!(machine.disk_total_bytes > 0 && machine.open_files_max > 0);
        assert!(machine.kernel.iter().any(|setting| setting.name == "net.core.somaxconn" && setting.value > 0));
        assert!(matches!(&machine.certificates[..], [peers] if peers.shown_to == "peers" && peers.seconds_left < 0));
    }
}
