//! Toolsets: how many of the tools a client is shown. A model pays for every tool in its list.

use super::{OPS, OpDef};
use crate::{
    caller::{Caller, Scope},
    error::{Dialect, Error},
    scenarios::symbols,
};

/// A named choice of tools.
#[derive(Debug, PartialEq, Eq)]
pub struct Toolset {
    /// Its name.
    pub name: &'static str,
    /// Whether who does not choose gets it.
    by_default: bool,
    tools: Tools,
}

#[derive(Debug, PartialEq, Eq)]
enum Tools {
    /// Every tool of a contract.
    Of(Dialect),
    /// These.
    These(&'static [&'static str]),
}

/// All toolsets.
pub const TOOLSETS: &[Toolset] = &[
    Toolset { name: "benchmark", by_default: true, tools: Tools::Of(Dialect::Benchmark) },
    Toolset { name: PAPER, by_default: true, tools: Tools::Of(Dialect::Bot) },
    Toolset {
        name: "play",
        by_default: false,
        tools: Tools::These(&[
            "list_scenarios",
            "start_run",
            "scan_market",
            "submit_decision",
            "get_results",
        ]),
    },
];

/// The toolset of paper trading.
const PAPER: &str = "paper";

impl Toolset {
    /// Its tools, in the order of the table.
    pub fn tools(&self) -> impl Iterator<Item = &'static OpDef> {
        OPS.iter().filter(|op| op.tool && self.has(op))
    }

    fn has(&self, op: &OpDef) -> bool {
        match self.tools {
            Tools::Of(dialect) => op.dialect == dialect,
            Tools::These(names) => names.contains(&op.name),
        }
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

    /// What somebody is shown who did not choose: a key that opens paper trading alone is spared
    /// the rest.
    pub fn of(caller: &Caller) -> Self {
        let opens = |scope| caller.with(scope).is_ok();
        let paper = TOOLSETS.iter().filter(|it| it.name == PAPER);
        let only_paper = opens(Scope::Paper) && !opens(Scope::Read);
        if only_paper { Self(paper.collect()) } else { Self::default() }
    }

    /// Whether it is what everybody is shown who does not choose.
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }

    /// Its tools, in the order of the table.
    pub fn tools(&self) -> impl Iterator<Item = &'static OpDef> {
        OPS.iter().filter(|op| op.tool && self.has(op))
    }

    /// The tool of this name, or an error that says which one may be meant or where it is.
    pub fn tool(&self, name: &str) -> Result<&'static OpDef, Error> {
        match OPS.iter().find(|op| op.tool && op.name == name) {
            Some(op) if self.has(op) => Ok(op),
            Some(op) => {
                let having = TOOLSETS.iter().filter(|it| it.has(op));
                Err(Error::tool_not_offered(name, &joined(self.sets()), &joined(having)))
            }
            None => {
                let nearest = symbols::nearest(name, self.tools().map(|op| op.name));
                Err(Error::no_such_tool(name, &nearest))
            }
        }
    }

    fn has(&self, op: &OpDef) -> bool {
        self.sets().any(|set| set.has(op))
    }

    fn sets(&self) -> impl Iterator<Item = &'static Toolset> {
        let by_default = TOOLSETS.iter().filter(|it| it.by_default && self.0.is_empty());
        self.0.iter().copied().chain(by_default)
    }
}

fn joined(sets: impl Iterator<Item = &'static Toolset>) -> String {
    sets.map(|set| set.name).collect::<Vec<_>>().join(",")
}
