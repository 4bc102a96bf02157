//! Series as SVG, drawn here: no script, the same geometry in light and dark.

pub(crate) mod interval;
pub(crate) mod sparkline;
