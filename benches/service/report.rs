//! The report: tables of Markdown, a verdict where there is a target.

use std::fmt;

/// What was measured.
pub(crate) struct Report {
    quick: bool,
    tables: Vec<Table>,
}

/// One table and what must be known to read it.
pub(crate) struct Table {
    title: &'static str,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    targets: Vec<String>,
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn new(quick: bool) -> Self {
        Self { quick, tables: Vec::new() }
    }

    /// Begins a table.
    pub(crate) fn table(&mut self, title: &'static str, head: &[&'static str]) -> &mut Table {
        let (rows, targets, notes) = (Vec::new(), Vec::new(), Vec::new());
        let at = self.tables.len();
        self.tables.push(Table { title, head: head.to_vec(), rows, targets, notes });
        &mut self.tables[at]
    }
}

impl Table {
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Holds a figure against its target: at most.
    pub(crate) fn target(&mut self, what: &str, got: f64, max: f64) {
        let verdict = if got <= max { "pass" } else { "**miss**" };
        self.targets.push(format!("{what}: {} of at most {}: {verdict}", short(got), short(max)));
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }
}

/// A number with three digits that count.
pub(crate) fn short(number: f64) -> String {
    match number.abs() {
        size if !size.is_finite() => "?".into(),
        size if size >= 1e9 => format!("{:.2} G", number / 1e9),
        size if size >= 1e6 => format!("{:.1} M", number / 1e6),
        size if size >= 1e5 => format!("{:.0} k", number / 1e3),
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 0.1 => format!("{number:.2}"),
        _ => format!("{number:.4}"),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quick {
            writeln!(f, "Quick mode: small samples, good for a look only.\n")?;
        }
        for table in &self.tables {
            writeln!(f, "### {}\n", table.title)?;
            writeln!(f, "| {} |", table.head.join(" | "))?;
            writeln!(f, "|---|{}", "---:|".repeat(table.head.len() - 1))?;
            for row in &table.rows {
                writeln!(f, "| {} |", row.join(" | "))?;
            }
            writeln!(f)?;
            for line in table.targets.iter().chain(&table.notes) {
                writeln!(f, "- {line}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
