//! A reader of HTML that is stricter than a browser.

use std::collections::{BTreeMap, BTreeSet};

use html5ever::{ParseOpts, driver::parse_document, tendril::TendrilSink as _};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// An element: its name, its attributes, the text in it, and the names of those around it.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) text: String,
    pub(crate) within: Vec<String>,
    children: Vec<String>,
}

impl Element {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// Every element of a page, in order, and what a parser says against its text.
pub(crate) fn read(page: &str) -> (Vec<Element>, Vec<String>) {
    let parser = parse_document(RcDom::default(), ParseOpts::default());
    let dom = parser.one(page);
    let mut elements = Vec::new();
    collect(&dom.document, &[], &mut elements);
    let errors = dom.errors.borrow().iter().map(ToString::to_string).collect();
    (elements, errors)
}

fn collect(node: &Handle, within: &[String], found: &mut Vec<Element>) {
    let mut inside = within.to_vec();
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let attributes = attrs.borrow();
        let attributes =
            attributes.iter().map(|it| (it.name.local.to_string(), it.value.to_string())).collect();
        let children = node.children.borrow();
        let children = children.iter().filter_map(|it| match &it.data {
            NodeData::Element { name, .. } => Some(name.local.to_string()),
            _ => None,
        });
        let name = name.local.to_string();
        inside.push(name.clone());
        found.push(Element {
            name,
            attributes,
            text: text(node),
            within: within.to_vec(),
            children: children.collect(),
        });
    }
    for child in node.children.borrow().iter() {
        collect(child, &inside, found);
    }
}

fn text(node: &Handle) -> String {
    if let NodeData::Text { contents } = &node.data {
        return contents.borrow().to_string();
    }
    node.children.borrow().iter().map(text).collect()
}

/// Everything that is wrong with a page.
pub(crate) fn problems(page: &str) -> Vec<String> {
    let (elements, mut wrong) = read(page);
    let all = |name: &'static str| elements.iter().filter(move |it| it.name == name);
    let mut say = |problem: String| wrong.push(problem);
    if !page.starts_with("<!doctype html>") {
        say("does not begin with its doctype".into());
    }
    for name in ["h1", "main", "title"] {
        // A picture has a title too.
        let found = all(name).filter(|it| !it.within.iter().any(|it| it == "svg")).count();
        if found != 1 {
            say(format!("{found} times {name}"));
        }
    }
    if all("html").next().and_then(|it| it.get("lang")) != Some("en") {
        say("no language".into());
    }
    let mut ids = BTreeSet::new();
    for id in elements.iter().filter_map(|it| it.get("id")) {
        if id.is_empty() || id.contains(' ') || !ids.insert(id) {
            say(format!("id {id:?} is empty, broken or there twice"));
        }
    }
    for element in &elements {
        wrong_with(element, &ids).into_iter().for_each(&mut say);
    }
    let levels = elements.iter().filter_map(|it| it.name.strip_prefix('h')?.parse::<u8>().ok());
    let levels: Vec<u8> = levels.collect();
    if let Some(skip) = levels.windows(2).find(|it| it[1] > it[0] + 1) {
        say(format!("a heading skips a level: {skip:?}"));
    }
    wrong
}

/// What an element by itself does wrong.
fn wrong_with(it: &Element, ids: &BTreeSet<&str>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say = |problem: &str| wrong.push(format!("{problem}: {} {:?}", it.name, it.attributes));
    if it.get("style").is_some() || it.name == "style" {
        say("a style in the page");
    }
    if it.attributes.keys().any(|name| name.starts_with("on")) {
        say("a script in an attribute");
    }
    if it.name == "script" && (it.get("src").is_none() || !it.text.is_empty()) {
        say("a script in the page");
    }
    let loaded = ["script", "img", "link", "iframe", "source", "use", "form"];
    let loads = loaded.contains(&it.name.as_str());
    let addresses = ["src", "href", "action", "srcset"].map(|name| it.get(name));
    if loads && addresses.iter().flatten().any(|it| !it.starts_with('/') || it.starts_with("//")) {
        say("something from elsewhere");
    }
    if it.name == "a" {
        match it.get("href") {
            None => say("a link to nowhere"),
            Some(href) if href.starts_with('#') && !ids.contains(&href[1..]) => {
                say("a link to a part that is not there");
            }
            Some(href) if href.to_lowercase().starts_with("javascript:") => say("a script"),
            _ => (),
        }
        if it.text.trim().is_empty() {
            say("a link without a text");
        }
    }
    let svg_title = it.children.first().is_some_and(|it| it == "title");
    let part = it.within.iter().any(|it| it == "svg") || it.get("aria-hidden") == Some("true");
    if it.name == "svg" && !part && !(matches!(it.get("role"), Some("img" | "group")) && svg_title)
    {
        say("a picture without words");
    }
    if it.name == "table" && !it.within.iter().any(|it| it == "div") {
        say("a table that may leave its box");
    }
    if it.name == "th" && it.get("scope").is_none() && !it.within.contains(&"thead".to_owned()) {
        say("a heading of a table without scope");
    }
    if ["input", "select", "textarea"].contains(&it.name.as_str())
        && it.get("type") != Some("hidden")
        && !it.within.iter().any(|it| it == "label")
    {
        say("a field without a label");
    }
    if it.name == "button" && it.get("type").is_none() {
        say("a button without a type");
    }
    for name in ["aria-labelledby", "aria-describedby", "aria-controls", "data-copy", "for"] {
        if it.get(name).is_some_and(|named| named.split(' ').any(|it| !ids.contains(it))) {
            say("names what is not there");
        }
    }
    wrong
}

#[test]
fn what_is_wrong_is_found() {
    let good = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>t</title>\
        </head><body><main id=\"main\"><h1>x</h1></main></body></html>";
    assert_eq!(problems(good), Vec::<String>::new());
    for planted in [
        "<p style=\"color:red\">x</p>",
        "<a href=\"#gone\">x</a>",
        "<script>alert(1)</script>",
        "<img src=\"https://example.com/x.png\" alt=\"\">",
        "<b onclick=\"x\">x</b>",
        "<h3>x</h3>",
        "<h1>again</h1>",
        "<p id=\"main\">x</p>",
        "<svg viewBox=\"0 0 1 1\"></svg>",
        "<input name=\"x\">",
        "<p><div>x</div></p>",
        "<td>x</td>",
        "<b>never closed",
    ] {
        let page = good.replace("</main>", &format!("{planted}</main>"));
        assert!(!problems(&page).is_empty(), "{planted}");
    }
}
