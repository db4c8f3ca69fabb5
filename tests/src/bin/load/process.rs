//! What the operating system says about the server's process and about the machine.

use std::fs;
use std::time::Duration;

/// The CPU time that the process has used, threads that have ended included.
pub fn cpu_time(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The second field is a name in parentheses, which may itself have spaces; utime and stime are the 14th and 15th.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks = |field: usize| fields[field - 3].parse::<u64>().unwrap();
    // Linux counts user-visible ticks in hundredths of a second on every machine it runs on.
    Duration::from_millis(10 * (ticks(14) + ticks(15)))
}

/// Resident memory, in MiB: now, and at its highest.
pub fn memory(process: u32) -> (f64, f64) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mebibytes = |name: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    };
    (mebibytes("VmRSS:"), mebibytes("VmHWM:"))
}

/// The kernel's name and version.
pub fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", release.trim())
}

/// The processor and how many of it.
pub fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map(|(_, model)| model)
        .collect();
    let model = models.first().copied().unwrap_or("unknown processor");
    format!("{} × {model}", models.len().max(1))
}
