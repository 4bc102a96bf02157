//! What agents and programmers read, as pages.

mod tools;

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

use super::{
    clients::FIRST_SCENARIO,
    markdown::{Text, render},
    page::{Failed, public},
};
use crate::app::{App, addressed};

/// Where the files of the skill are.
const SKILL: &str = "/skills/bottrade-benchmark/";

/// A text that is a page.
struct Chapter {
    path: &'static str,
    title: &'static str,
    about: &'static str,
    text: &'static str,
}

const CHAPTERS: [Chapter; 3] = [
    Chapter {
        path: "/docs/agent-guide",
        title: "Agent guide",
        about: "How to trade a scenario well: the loop, the rules that cost money, how to read \
            the score. Agents read it as the resource bottrade://agent-guide.",
        text: include_str!("../../../guide/agent-guide.md"),
    },
    Chapter {
        path: "/docs/rest",
        title: "REST",
        about: "Every operation with its route and parameters; orders, repeated calls, errors.",
        text: include_str!("../../../skills/bottrade-benchmark/references/rest.md"),
    },
    Chapter {
        path: "/docs/skill",
        title: "The skill",
        about: "A package that agents install: what to read, and two bots of one file each.",
        text: include_str!("../../../skills/bottrade-benchmark/README.md"),
    },
];

/// The address of every page here.
pub(super) fn paths() -> impl Iterator<Item = String> {
    let chapters = CHAPTERS.iter().map(|it| it.path.to_owned());
    let fixed = ["/docs", "/docs/tools"].into_iter().map(str::to_owned);
    fixed.chain(chapters).chain(tools::paths())
}

/// `/docs` and everything below it.
pub(super) fn router(app: &Arc<App>) -> Router {
    let router = Router::new()
        .route("/docs", get(index))
        .route("/docs/tools", get(tools::all))
        .route("/docs/tools/{name}", get(tools::one));
    let chapter = |router: Router<Arc<App>>, it: &'static Chapter| {
        router.route(it.path, get(async |State(app): State<Arc<App>>| it.page(&app.public_url)))
    };
    CHAPTERS.iter().fold(router, chapter).with_state(Arc::clone(app))
}

#[derive(Template)]
#[template(path = "docs.html", blocks = ["title"])]
struct Index<'a> {
    base: &'a str,
    chapters: &'static [Chapter],
    first_scenario: &'static str,
    tools: usize,
}

async fn index(State(app): State<Arc<App>>) -> Result<Response, Failed> {
    public(&Index {
        base: &app.public_url,
        chapters: &CHAPTERS,
        first_scenario: FIRST_SCENARIO,
        tools: tools::count(),
    })
}

#[derive(Template)]
#[template(path = "chapter.html", blocks = ["title"])]
struct Page<'a> {
    title: &'a str,
    about: &'a str,
    html: String,
}

impl Chapter {
    fn page(&self, base: &str) -> Result<Response, Failed> {
        let Text { title, html } = render(&addressed(self.text, base), SKILL);
        let title = title.unwrap_or_else(|| self.title.to_owned());
        public(&Page { title: &title, about: self.about, html })
    }
}
