//! What is measured: CPU time, allocations and memory of this process.

use std::{alloc::System, fs, time::Duration};

use anyhow::Context as _;
use rustix::time::{ClockId, clock_gettime};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Allocations and reallocations so far.
pub(crate) fn allocations() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

/// CPU time of this thread: other processes on the same core do not show in it.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// What `work` comes to, and the seconds of CPU it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let began = cpu();
    let done = work();
    (done, cpu().saturating_sub(began).as_secs_f64())
}

/// The most memory this process ever had in use, in MiB.
pub(crate) fn peak_mib() -> anyhow::Result<f64> {
    let status = fs::read_to_string("/proc/self/status").context("memory is read off Linux")?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    let kib = line.and_then(|it| it.trim().strip_suffix(" kB")).context("no VmHWM")?;
    Ok(kib.trim().parse::<f64>()? / 1_024.0)
}

/// The middle one of an odd number of measurements.
pub(crate) fn median(mut measured: Vec<f64>) -> f64 {
    measured.sort_by(f64::total_cmp);
    measured.get(measured.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The middle one of the ratios of what was measured in the same rounds.
pub(crate) fn median_ratio(of: &[f64], to: &[f64]) -> f64 {
    median(of.iter().zip(to).map(|(of, to)| of / to).collect())
}

/// A count as a float.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}
