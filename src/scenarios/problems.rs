//! Everything that is wrong with some files, each with its place.

use std::fmt;

/// Problems that are listed; the others are only counted.
pub const LISTED_MAX: usize = 100;

/// One thing that is wrong: where, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's name.
    pub file: String,
    /// The row, counted from 1; in a text file the line.
    pub row: Option<u64>,
    /// The column or key.
    pub field: Option<String>,
    /// What was expected.
    pub text: String,
}

impl Problem {
    /// A problem with a whole file.
    pub fn new(file: impl Into<String>, text: impl fmt::Display) -> Self {
        Self { file: file.into(), row: None, field: None, text: text.to_string() }
    }

    /// The same, in this row.
    #[must_use]
    pub fn row(mut self, row: u64) -> Self {
        self.row = Some(row);
        self
    }

    /// The same, in this column or key.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(row) = self.row {
            write!(f, ":{row}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ": {field}")?;
        }
        write!(f, ": {}", self.text)
    }
}

/// All problems of some files, in the order they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    listed: Vec<Problem>,
    count: usize,
}

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.count += 1;
        if self.listed.len() < LISTED_MAX {
            self.listed.push(problem);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first [`LISTED_MAX`] of them.
    pub fn listed(&self) -> &[Problem] {
        &self.listed
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { listed: vec![problem], count: 1 }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.listed.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        match self.count - self.listed.len() {
            0 => Ok(()),
            rest => write!(f, "\nand {rest} more problems"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_place() {
        let problem = Problem::new("a.csv", "must be a number").row(3).field("open");
        assert_eq!(problem.to_string(), "a.csv:3: open: must be a number");
        assert_eq!(Problem::new("a.csv", "is empty").to_string(), "a.csv: is empty");
    }

    #[test]
    fn a_flood_is_listed_up_to_the_limit_and_counted_past_it() {
        let mut problems = Problems::default();
        for row in 0..150 {
            problems.push(Problem::new("a.csv", "bad").row(row));
        }
        assert_eq!((problems.count(), problems.listed().len()), (150, LISTED_MAX));
        assert!(problems.to_string().ends_with("and 50 more problems"));
    }
}
