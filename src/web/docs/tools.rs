//! The tools, as a list and a page each: the texts are the ones that models read.

use askama::Template;
use axum::{extract::Path, response::Response};

use crate::{
    error::Error,
    ops::{
        Access, Effect, OPS, OpDef,
        toolsets::{TOOLSETS, Toolset},
    },
    web::{
        markdown::render,
        page::{Failed, public},
    },
};

/// A tool in the list.
struct Tool {
    name: &'static str,
    description: String,
    effect: &'static str,
    in_play: bool,
}

impl Tool {
    fn of(op: &OpDef) -> Self {
        Self {
            name: op.name,
            description: op.description(),
            effect: effect(op),
            in_play: play().any(|it| it.name == op.name),
        }
    }
}

/// The tools of the smallest set.
fn play() -> impl Iterator<Item = &'static OpDef> {
    TOOLSETS.iter().filter(|it| it.name == "play").flat_map(Toolset::tools)
}

fn effect(op: &OpDef) -> &'static str {
    match op.effect {
        Effect::Read => "reads",
        Effect::Write => "changes",
    }
}

fn tools() -> impl Iterator<Item = &'static OpDef> {
    OPS.iter().filter(|op| op.tool)
}

/// The address of each one's page.
pub(super) fn paths() -> impl Iterator<Item = String> {
    tools().map(|it| format!("/docs/tools/{}", it.name))
}

/// How many there are.
pub(super) fn count() -> usize {
    tools().count()
}

#[derive(Template)]
#[template(path = "tools.html", blocks = ["title"])]
struct All {
    tools: Vec<Tool>,
}

pub(super) async fn all() -> Result<Response, Failed> {
    public(&All { tools: tools().map(Tool::of).collect() })
}

#[derive(Template)]
#[template(path = "tool.html", blocks = ["title"])]
struct One {
    name: &'static str,
    effect: &'static str,
    method: String,
    path: &'static str,
    open: bool,
    html: String,
}

pub(super) async fn one(Path(name): Path<String>) -> Result<Response, Failed> {
    // The error offers the nearest names.
    let op = OpDef::tool(&name).map_err(Error::as_not_found)?;
    public(&One {
        name: op.name,
        effect: effect(op),
        method: format!("{:?}", op.route.method).to_uppercase(),
        path: op.route.path,
        open: op.access == Access::Public,
        html: render(&op.page(), "/docs/tools/").html,
    })
}
