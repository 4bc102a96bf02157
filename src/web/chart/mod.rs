//! Series as SVG, drawn here: no script, the same geometry in light and dark.

pub(crate) mod sparkline;
