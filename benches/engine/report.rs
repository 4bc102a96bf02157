//! The report: tables of Markdown, and a verdict for every figure that has a target.

use std::fmt;

/// Tables in the order in which they were measured.
#[derive(Default)]
pub(crate) struct Report(Vec<Table>);

/// Figures of one kind.
pub(crate) struct Table {
    title: &'static str,
    head: &'static [&'static str],
    rows: Vec<Vec<String>>,
    lines: Vec<String>,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Report {
    pub(crate) fn table(
        &mut self,
        title: &'static str,
        head: &'static [&'static str],
    ) -> &mut Table {
        let at = self.0.len();
        self.0.push(Table { title, head, rows: Vec::new(), lines: Vec::new() });
        &mut self.0[at]
    }
}

impl Table {
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Holds a figure against its target. A miss is reported, never an error: it may be the
    /// machine's.
    pub(crate) fn target(&mut self, what: &str, got: f64, target: Target) {
        let (met, bound, limit) = match target {
            Target::AtLeast(limit) => (got >= limit, "at least", limit),
            Target::AtMost(limit) => (got <= limit, "at most", limit),
        };
        let verdict = if met { "pass" } else { "**miss**" };
        self.note(format!("{what}: {}, {bound} {}: {verdict}", short(got), short(limit)));
    }

    pub(crate) fn note(&mut self, text: String) {
        self.lines.push(text);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Table { title, head, rows, lines } in &self.0 {
            writeln!(f, "### {title}\n\n| {} |", head.join(" | "))?;
            writeln!(f, "|---|{}", "---:|".repeat(head.len() - 1))?;
            for row in rows {
                writeln!(f, "| {} |", row.join(" | "))?;
            }
            writeln!(f)?;
            for line in lines {
                writeln!(f, "- {line}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// A figure with three digits that count.
pub(crate) fn short(figure: f64) -> String {
    let (scaled, unit) = match figure.abs() {
        size if size >= 1e6 => (figure / 1e6, " M"),
        size if size >= 1e4 => (figure / 1e3, " k"),
        _ => (figure, ""),
    };
    let decimals = match scaled.abs() {
        size if size >= 100.0 || scaled.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{scaled:.decimals$}{unit}")
}
