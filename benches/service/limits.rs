//! What the service promises: the figures that a row is held against.

/// CPU of `get_run` over MCP, in CPUs of a bare tool of the same library.
pub(crate) const GET_RUN_CPU_MAX: f64 = 1.5;
/// CPU of `scan_market` of 60 symbols, in microseconds.
pub(crate) const SCAN_MICROS_MAX: f64 = 250.0;
/// Syncs to disk per step with 64 writers.
pub(crate) const SYNCS_PER_STEP_MAX: f64 = 1.0 / 16.0;
/// Median of one writer's step, in medians of one sync to the same disk.
pub(crate) const ONE_WRITER_MAX: f64 = 1.3;
/// Resident memory with all runs active.
pub(crate) const RESIDENT_BYTES_MAX: f64 = 1e9;
/// Median of a step with all runs active in that of ten, and of a run's last steps in that of its
/// first. Equal is 1; what lies within the noise of two equal servers passes.
pub(crate) const FLAT_MAX: f64 = 1.1;
/// Milliseconds that the page of a long run takes.
pub(crate) const PAGE_MILLIS_MAX: f64 = 50.0;
/// Its bytes.
pub(crate) const PAGE_BYTES_MAX: f64 = 300e3;
