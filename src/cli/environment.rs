//! Notices misspelt `BOTTRADE_*` variables: a setting that is not read must not look read.

use std::collections::BTreeSet;

use clap::CommandFactory;

/// Warns of each variable that no flag reads, with the nearest one that is.
pub(crate) fn warn_of_unknown<C: CommandFactory>() {
    let mut known = BTreeSet::new();
    collect(&C::command(), &mut known);
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

    fn flags_without_a_twin(command: &clap::Command, found: &mut Vec<String>) {
        let flags = command.get_arguments().filter(|it| it.get_long().is_some());
        let bare = flags.filter(|it| it.get_env().is_none());
        let own = bare.filter(|it| !["help", "version"].contains(&it.get_id().as_str()));
        found.extend(own.map(|it| format!("{} --{}", command.get_name(), it.get_id())));
        for verb in command.get_subcommands() {
            flags_without_a_twin(verb, found);
        }
    }

    #[test]
    fn every_flag_has_a_variable() {
        let mut found = Vec::new();
        flags_without_a_twin(&crate::cli::Cli::command(), &mut found);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_misspelt_variable_is_noticed() {
        let mut known = BTreeSet::new();
        collect(&crate::cli::Cli::command(), &mut known);
        assert_eq!(unknown("BOTTRADE_DATADIR", &known), Some("BOTTRADE_DATA_DIR"));
        assert_eq!(unknown("BOTTRADE_LISTEN", &known), None);
    }
}
