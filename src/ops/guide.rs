//! What an agent can read besides the answers of the operations: instructions, guide, prompt, and
//! the answers that have an address of their own.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Access, Cx, OpDef, input, results, scenarios};
use crate::{app::App, error::Error, scenarios::symbols};

/// How the operations go together, for a model that has not seen them yet.
pub const INSTRUCTIONS: &str = include_str!("../../guide/instructions.md");

/// Something with an address.
pub struct Resource {
    /// The address; `{name}` in it is the field of that name of the operation's request.
    pub uri: &'static str,
    /// Its name in lists.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it is and who may read it.
    pub description: &'static str,
    /// Where its text is from.
    pub source: Source,
}

/// Where the text of a resource is from.
pub enum Source {
    /// A page in Markdown.
    Page(&'static str),
    /// The answer of an operation, as JSON.
    Answer(OpDef),
}

/// Everything that can be read.
pub const RESOURCES: &[Resource] = &[
    Resource {
        uri: "bottrade://agent-guide",
        name: "agent-guide",
        title: "Agent guide",
        description: "How to trade a scenario well: the loop, the rules that cost money, and how \
            to read the score.",
        source: Source::Page(include_str!("../../guide/agent-guide.md")),
    },
    Resource {
        uri: "bottrade://paper-guide",
        name: "paper-guide",
        title: "Paper trading guide",
        description: "How to trade the paper account: the loop, when orders fill, and the rules \
            that cost money.",
        source: Source::Page(include_str!("../../guide/paper-guide.md")),
    },
    Resource {
        uri: "bottrade://scenarios",
        name: "scenarios",
        title: "Scenarios",
        description: "Every scenario that can be played, a line each.",
        source: Source::Answer(OpDef::of::<scenarios::ListScenarios>()),
    },
    Resource {
        uri: "bottrade://runs/{run_id}/scorecard",
        name: "scorecard",
        title: "Scorecard of a run",
        description: "The score of a finished run of yours, as get_results has it.",
        source: Source::Answer(OpDef::of::<results::GetResults>()),
    },
];

impl Resource {
    /// Whether its address has fields.
    pub fn is_template(&self) -> bool {
        self.uri.contains('{')
    }

    /// The media type of its text.
    pub fn mime_type(&self) -> &'static str {
        match self.source {
            Source::Page(_) => "text/markdown",
            Source::Answer(_) => "application/json",
        }
    }

    /// The operation whose answer it is, where it is one.
    pub fn op(&self) -> Option<&OpDef> {
        match &self.source {
            Source::Page(_) => None,
            Source::Answer(op) => Some(op),
        }
    }

    /// Whether it says the same to everybody.
    pub fn is_public(&self) -> bool {
        self.op().is_none_or(|op| op.access == Access::Public)
    }

    /// The resource at an address, and the fields in the address.
    pub fn find(uri: &str) -> Result<(&'static Self, Map<String, Value>), Error> {
        RESOURCES.iter().find_map(|it| Some((it, it.fields(uri)?))).ok_or_else(|| {
            let nearest = symbols::nearest(uri, RESOURCES.iter().map(|it| it.uri));
            Error::no_such_resource(uri, &nearest)
        })
    }

    /// The fields in an address of this resource.
    fn fields(&self, uri: &str) -> Option<Map<String, Value>> {
        let (known, asked) = (self.uri.split('/'), uri.split('/'));
        if known.clone().count() != asked.clone().count() {
            return None;
        }
        let mut fields = Map::new();
        for (known, asked) in known.zip(asked) {
            match known.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                Some(name) if !asked.is_empty() => {
                    fields.insert(name.into(), asked.into());
                }
                _ if known == asked => (),
                _ => return None,
            }
        }
        Some(fields)
    }

    /// Its text for a caller.
    pub async fn read(&self, cx: &Cx, fields: Map<String, Value>) -> Result<String, Error> {
        match &self.source {
            Source::Page(text) => Ok((*text).to_owned()),
            Source::Answer(op) => op.call(cx, Ok(Value::Object(fields))).await?.text(),
        }
    }
}

/// The refusal of a method of the protocol that is not one of these.
pub fn no_such_method(asked: &str, methods: &[&str]) -> Error {
    Error::no_such_method(asked, &symbols::nearest(asked, methods.iter().copied()))
}

/// Refuses a prompt that is not there.
pub fn prompt_exists(name: &str) -> Result<(), Error> {
    if name == TradeScenario::NAME {
        return Ok(());
    }
    let nearest = symbols::nearest(name, [TradeScenario::NAME].into_iter());
    Err(Error::no_such_prompt(name, &nearest))
}

/// A task that a person hands to an agent: the arguments of the prompt.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TradeScenario {
    #[serde(default)]
    scenario_slug: Option<String>,
}

impl TradeScenario {
    /// The prompt's name.
    pub const NAME: &'static str = "trade_bottrade_scenario";
    /// What it is for.
    pub const DESCRIPTION: &'static str =
        "Trade one scenario to its end, bar by bar, and report what the result is worth.";
    /// Its only argument, and what that means.
    pub const ARGUMENT: (&'static str, &'static str) =
        ("scenario_slug", "A slug of list_scenarios; without it the agent chooses.");
    const TEXT: &'static str = include_str!("../../guide/trade_bottrade_scenario.md");

    /// Reads the arguments.
    pub fn read(arguments: Map<String, Value>) -> Result<Self, Error> {
        input::read(Value::Object(arguments))
    }

    /// The task in words.
    pub fn text(&self, app: &App) -> Result<String, Error> {
        let slug = self.scenario_slug.as_deref().filter(|it| !it.trim().is_empty());
        let choose = match slug {
            // Only a slug that exists becomes part of the task.
            Some(slug) => format!("The scenario is `{}`.", app.scenario(slug)?.card().slug),
            None => "Choose one with `list_scenarios` and say why in a sentence.".to_owned(),
        };
        Ok(Self::TEXT.replace("{choose}", &choose))
    }

    /// The slugs that begin so, for somebody who is typing one.
    pub fn slugs(app: &App, begun: &str) -> Vec<String> {
        let slugs = app.catalog.entries().map(|it| it.card().slug.as_str());
        slugs.filter(|slug| slug.starts_with(begun)).map(str::to_owned).collect()
    }
}
