//! Notices misspelt `BOTTRADE_*` variables: a setting that is not read must not look read.

use std::collections::BTreeSet;

use clap::CommandFactory;

/// Variables of other programs that share the prefix.
const FOREIGN: &[&str] = &["BOTTRADE_API", "BOTTRADE_API_KEY"];

/// Warns of each variable that no flag reads, with the nearest one that is.
pub(crate) fn warn_of_unknown<C: CommandFactory>() {
    let mut known = BTreeSet::new();
    collect(&C::command(), &mut known);
    known.extend(FOREIGN.iter().map(|&it| it.to_owned()));
    for (name, _) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with("BOTTRADE_")) else {
            continue;
        };
        if let Some(nearest) = unknown(name, &known) {
            eprintln!("warning: {name} is not a setting of bottrade; did you mean {nearest}?");
        }
    }
}

/// The nearest known name, if this one is unknown.
fn unknown<'a>(name: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    if known.contains(name) {
        return None;
    }
    let score = |it: &str| strsim::jaro_winkler(name, it);
    known.iter().map(String::as_str).max_by(|a, b| score(a).total_cmp(&score(b)))
}

fn collect(command: &clap::Command, names: &mut BTreeSet<String>) {
    let variables = command.get_arguments().filter_map(|argument| argument.get_env());
    names.extend(variables.filter_map(|name| name.to_str().map(str::to_owned)));
    for verb in command.get_subcommands() {
        collect(verb, names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_noticed() {
        let mut known = BTreeSet::new();
        collect(&crate::cli::Cli::command(), &mut known);
        assert_eq!(unknown("BOTTRADE_DATADIR", &known), Some("BOTTRADE_DATA_DIR"));
        assert_eq!(unknown("BOTTRADE_LISTEN", &known), None);
    }
}
