//! Every problem of a call in one answer.

use std::collections::BTreeSet;

use crate::error::{Error, FieldProblem};

/// Problems found so far, each with the field that is checked.
#[derive(Debug, Default)]
pub(crate) struct Checks(Vec<(String, Error)>);

impl Checks {
    /// Adds a problem.
    pub(crate) fn add(&mut self, field: &str, error: Error) {
        self.0.push((field.to_owned(), error));
    }

    /// What a check gave; its problem is added.
    pub(crate) fn take<T>(&mut self, field: &str, checked: Result<T, Error>) -> Option<T> {
        checked.map_err(|error| self.add(field, error)).ok()
    }

    /// A field that must hold something.
    pub(crate) fn require(&mut self, field: &str, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.add(field, Error::invalid_field(field, &problem()));
        }
    }

    /// How many bars are asked for.
    pub(crate) fn lookback(
        &mut self,
        asked: Option<i64>,
        usual: usize,
        max: usize,
    ) -> Option<usize> {
        let asked = asked.map_or(Some(usual), |it| usize::try_from(it).ok());
        let good = asked.filter(|it| (1..=max).contains(it));
        self.require("lookback", good.is_some(), || format!("must be between 1 and {max}"));
        good
    }

    /// A word that must be one of those that exist, when there is one at all.
    pub(crate) fn known<'a>(
        &mut self,
        field: &str,
        word: Option<&str>,
        known: impl FnOnce() -> BTreeSet<&'a str>,
    ) {
        let Some(word) = word else { return };
        let known = known();
        if !known.contains(word) {
            let known: Vec<&str> = known.into_iter().collect();
            let problem = format!("must be one of {} (got \"{word}\")", known.join(", "));
            self.add(field, Error::broken_rule(field, &problem));
        }
    }

    /// What the checks gave, or all their problems.
    pub(crate) fn done<T>(self, given: Option<T>) -> Result<T, Error> {
        let problem = self.0.into_iter().reduce(both);
        match (problem, given) {
            (Some((_, error)), _) => Err(error),
            (None, Some(given)) => Ok(given),
            (None, None) => Err(Error::internal("a check without a problem gave nothing")),
        }
    }
}

/// Two problems as one: the first is the message, both are listed, and so is what helps.
fn both((field, mut one): (String, Error), (other, mut two): (String, Error)) -> (String, Error) {
    for (field, error) in [(&field, &mut one), (&other, &mut two)] {
        if error.fields.is_empty() {
            let (location, message) = (field.clone(), error.message.clone());
            error.fields.push(FieldProblem { location, message });
        }
    }
    one.fields.append(&mut two.fields);
    one.hint = match (one.hint, two.hint) {
        (Some(one), Some(two)) if one != two => Some(format!("{one}; {two}")),
        (one, two) => one.or(two),
    };
    (field, one)
}
