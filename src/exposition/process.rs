//! What the operating system says about this process. Linux only; elsewhere nothing is shown.

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// Reads `/proc/self`.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// When the system started, in Unix seconds.
    boot: f64,
}

/// One reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// User and system time.
    pub cpu_seconds: f64,
    /// Resident set size.
    pub resident_bytes: f64,
    /// Virtual size.
    pub virtual_bytes: f64,
    /// Unix seconds.
    pub started: f64,
    /// Open file descriptors; `None` when their directory cannot be read.
    pub open_fds: Option<f64>,
    /// The soft limit of open file descriptors; `None` without a limit.
    pub max_fds: Option<f64>,
    /// Threads.
    pub threads: f64,
}

impl Process {
    /// This process; `None` where there is no `/proc`.
    pub fn this() -> Option<Self> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        let boot = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
        Some(Self { boot: boot.trim().parse().ok()? })
    }

    /// What it uses now.
    pub fn usage(&self) -> Option<Usage> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let fds = fs::read_dir("/proc/self/fd").ok();
        Some(Usage {
            // The directory itself is open while it is counted.
            open_fds: fds.map(|fds| fds.count().saturating_sub(1) as f64),
            max_fds: getrlimit(Resource::Nofile).current.map(|limit| limit as f64),
            ..parse(&stat, self.boot, clock_ticks_per_second() as f64, page_size() as f64)?
        })
    }
}

/// Reads proc(5)'s `stat`, whose second field may hold spaces and parentheses.
fn parse(stat: &str, boot: f64, ticks: f64, page: f64) -> Option<Usage> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    // The manual counts from 1; `fields` begins with its third.
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    Some(Usage {
        cpu_seconds: (field(14)? + field(15)?) / ticks,
        resident_bytes: field(24)? * page,
        virtual_bytes: field(23)?,
        started: boot + field(22)? / ticks,
        threads: field(20)?,
        ..Usage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_program_name_moves_no_field() {
        let stat = "7 (a) R 1) S 1 7 7 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 3 0 12345 9000000 700 \
                    18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
        let usage = parse(stat, 1_000_000.0, 100.0, 4096.0).unwrap();
        let expected = Usage {
            cpu_seconds: 2.0,
            resident_bytes: 700.0 * 4096.0,
            virtual_bytes: 9_000_000.0,
            started: 1_000_123.45,
            threads: 3.0,
            ..Usage::default()
        };
        assert_eq!(usage, expected);
        assert_eq!(parse("7 (cut", 0.0, 100.0, 4096.0), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_runs() {
        let usage = Process::this().unwrap().usage().unwrap();
        assert!(usage.threads >= 1.0 && usage.resident_bytes > 1e5);
        assert!(usage.open_fds.unwrap() >= 3.0 && usage.started > 1.7e9);
    }
}
