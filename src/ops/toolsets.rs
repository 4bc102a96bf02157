//! Toolsets: how many of the tools a client is shown. A model pays for every tool in its list.

use super::{OPS, OpDef};
use crate::{error::Error, scenarios::symbols};

/// A named choice of tools.
#[derive(Debug, PartialEq, Eq)]
pub struct Toolset {
    /// Its name.
    pub name: &'static str,
    /// Its tools; nothing means every tool.
    tools: Option<&'static [&'static str]>,
}

/// All toolsets; who does not choose gets the first.
pub const TOOLSETS: &[Toolset] = &[
    Toolset { name: "benchmark", tools: None },
    Toolset {
        name: "play",
        tools: Some(&[
            "list_scenarios",
            "start_run",
            "scan_market",
            "submit_decision",
            "get_results",
        ]),
    },
];

impl Toolset {
    /// The names that it lists, where it does not hold every tool.
    pub fn listed(&self) -> &'static [&'static str] {
        self.tools.unwrap_or_default()
    }

    fn has(&self, tool: &str) -> bool {
        self.tools.is_none_or(|tools| tools.contains(&tool))
    }
}

/// The toolsets that a client chose; together they have the tools of each.
#[derive(Debug, Clone, Default)]
pub struct Chosen(Vec<&'static Toolset>);

impl Chosen {
    /// Reads `a,b`. A text without a name chooses nothing.
    pub fn read(text: &str) -> Result<Self, Error> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let sets = names.map(|name| {
            let known = TOOLSETS.iter().find(|it| it.name == name);
            known.ok_or_else(|| Error::no_such_toolset(name, &joined(TOOLSETS.iter())))
        });
        sets.collect::<Result<_, _>>().map(Self)
    }

    /// Its tools, in the order of the table.
    pub fn tools(&self) -> impl Iterator<Item = &'static OpDef> {
        OPS.iter().filter(|op| op.tool && self.has(op.name))
    }

    /// The tool of this name, or an error that says which one may be meant or where it is.
    pub fn tool(&self, name: &str) -> Result<&'static OpDef, Error> {
        match OPS.iter().find(|op| op.tool && op.name == name) {
            Some(op) if self.has(name) => Ok(op),
            Some(_) => {
                let having = TOOLSETS.iter().filter(|it| it.has(name));
                Err(Error::tool_not_offered(name, &joined(self.sets()), &joined(having)))
            }
            None => {
                let nearest = symbols::nearest(name, self.tools().map(|op| op.name));
                Err(Error::no_such_tool(name, &nearest))
            }
        }
    }

    fn has(&self, tool: &str) -> bool {
        self.sets().any(|set| set.has(tool))
    }

    fn sets(&self) -> impl Iterator<Item = &'static Toolset> {
        let default = self.0.is_empty().then(|| &TOOLSETS[0]);
        self.0.iter().copied().chain(default)
    }
}

fn joined(sets: impl Iterator<Item = &'static Toolset>) -> String {
    sets.map(|set| set.name).collect::<Vec<_>>().join(",")
}
