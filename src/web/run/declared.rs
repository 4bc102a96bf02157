//! What an agent says of itself: shown as text, shortened where it is long.

use serde_json::Value;

use crate::ops::views::RunView;

/// Characters of a field that are shown.
const FIELD_MAX: usize = 500;
/// Characters of the set-up that are shown.
const CONFIG_MAX: usize = 6_000;
/// Names of the fields, and what they are called on the page.
const FIELDS: [(&str, &str); 6] = [
    ("name", "Agent"),
    ("model", "Model"),
    ("framework", "Framework"),
    ("version", "Version"),
    ("source_url", "Source"),
    ("source_revision", "Revision"),
];

/// What was declared when the run started.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// Each with what it is called.
    pub(super) fields: Vec<(&'static str, String)>,
    /// Anything else, as JSON.
    pub(super) config: Option<String>,
}

impl Declared {
    pub(super) fn of(run: &RunView) -> Self {
        let name = run.bot_name.as_deref().map(|it| ("Bot", clipped(it, FIELD_MAX)));
        let Some(info) = &run.agent_info else {
            return Self { fields: name.into_iter().collect(), config: None };
        };
        let said = FIELDS.iter().filter_map(|(field, label)| {
            let text = info.get(field)?.as_str().filter(|it| !it.trim().is_empty())?;
            Some((*label, clipped(text, FIELD_MAX)))
        });
        let config =
            info.get("config").filter(|it| it.as_object().is_some_and(|it| !it.is_empty()));
        Self { fields: name.into_iter().chain(said).collect(), config: config.map(written) }
    }
}

/// The name of a run on its page: the bot's, else what the agent calls itself.
pub(super) fn name(run: &RunView) -> String {
    let agent = || run.agent_info.as_ref()?.get("name")?.as_str();
    let name = run.bot_name.as_deref().or_else(agent).unwrap_or("An unnamed run");
    clipped(name, FIELD_MAX)
}

fn written(config: &Value) -> String {
    clipped(&serde_json::to_string_pretty(config).unwrap_or_default(), CONFIG_MAX)
}

/// At most so many characters, and a sign that there were more.
pub(super) fn clipped(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(clipped("žluťoučký", 3), "žlu…");
        assert_eq!(clipped("kůň", 3), "kůň");
    }
}
