//! Markdown of ours and of the operator as HTML. HTML inside it is shown, not obeyed.

use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html,
};
use std::collections::BTreeSet;

/// A text as part of a page.
pub(super) struct Text {
    /// What its first heading says, where it begins with one of the first level.
    pub(super) title: Option<String>,
    /// The rest as HTML, its headings one level below the page's own.
    pub(super) html: String,
}

/// Renders a text; links that name no place of their own lead to `base`.
pub(super) fn render(text: &str, base: &str) -> Text {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut events: Vec<Event> = Parser::new_ext(text, options).collect();
    let title = first_heading(&mut events);
    let ids = heading_ids(&events);
    let (mut ids, mut tables) = (ids.into_iter(), 1..);
    let mut shape = |event| shaped(event, base, &mut ids, &mut tables);
    let events = events.into_iter().flat_map(&mut shape);
    let mut out = String::with_capacity(text.len() * 2);
    html::push_html(&mut out, events);
    Text { title, html: out }
}

/// Takes off the heading that the text begins with.
fn first_heading(events: &mut Vec<Event>) -> Option<String> {
    let is_first =
        |it: &Event| matches!(it, Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }));
    if !events.first().is_some_and(is_first) {
        return None;
    }
    let end = events.iter().position(|it| matches!(it, Event::End(TagEnd::Heading(_))))?;
    Some(words(events.drain(..=end).collect::<Vec<_>>().as_slice()))
}

/// What is written between tags.
fn words(events: &[Event]) -> String {
    let word = |it: &Event| match it {
        Event::Text(text) | Event::Code(text) => Some(text.to_string()),
        _ => None,
    };
    events.iter().filter_map(word).collect()
}

/// A name in the address for each heading, in order; each is there once.
fn heading_ids(events: &[Event]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let starts = events.iter().enumerate();
    let starts = starts.filter(|(_, it)| matches!(it, Event::Start(Tag::Heading { .. })));
    let id = |(at, _): (usize, &Event)| {
        let rest = &events[at..];
        let is_end = |it: &Event| matches!(it, Event::End(TagEnd::Heading(_)));
        let end = rest.iter().position(is_end).unwrap_or(rest.len());
        let said = words(&rest[..end]).to_lowercase();
        let plain = said.split(|it: char| !it.is_ascii_alphanumeric()).filter(|it| !it.is_empty());
        let name = plain.collect::<Vec<_>>().join("-");
        let numbered = (1..).map(|number| match number {
            1 if !name.is_empty() => name.clone(),
            number => format!("{name}-{number}"),
        });
        numbered.into_iter().find(|it| taken.insert(it.clone())).unwrap_or_default()
    };
    starts.map(id).collect()
}

/// An event as pages need it.
fn shaped<'a>(
    event: Event<'a>,
    base: &str,
    ids: &mut impl Iterator<Item = String>,
    tables: &mut impl Iterator<Item = u32>,
) -> Vec<Event<'a>> {
    let raw = |text: &'static str| Event::Html(CowStr::Borrowed(text));
    match event {
        Event::Html(text) | Event::InlineHtml(text) => vec![Event::Text(text)],
        Event::Start(Tag::Heading { level, .. }) => {
            let id = ids.next().unwrap_or_default();
            vec![Event::Html(format!("<{} id=\"{id}\">", lower(level)).into())]
        }
        Event::End(TagEnd::Heading(level)) => {
            vec![Event::Html(format!("</{}>\n", lower(level)).into())]
        }
        // What can be scrolled can be reached with the keyboard.
        Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented)) => {
            vec![raw("<pre tabindex=\"0\"><code>")]
        }
        Event::End(TagEnd::CodeBlock) => vec![raw("</code></pre>\n")],
        Event::Start(Tag::Table(columns)) => {
            let number = tables.next().unwrap_or_default();
            let open = format!(
                "<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
                 aria-label=\"Table {number}\">"
            );
            vec![Event::Html(open.into()), Event::Start(Tag::Table(columns))]
        }
        Event::End(TagEnd::Table) => vec![Event::End(TagEnd::Table), raw("</div>\n")],
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let here = ["http:", "https:", "mailto:", "/", "#"];
            let own = here.iter().any(|it| dest_url.starts_with(it));
            let dest_url = if own { dest_url } else { format!("{base}{dest_url}").into() };
            vec![Event::Start(Tag::Link { link_type, dest_url, title, id })]
        }
        other => vec![other],
    }
}

/// The page has the first level to itself.
fn lower(level: HeadingLevel) -> &'static str {
    match level {
        HeadingLevel::H1 | HeadingLevel::H2 => "h2",
        HeadingLevel::H3 => "h3",
        _ => "h4",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_title_and_body() {
        let text = "# A *title*\n\nSee [it](rest.md) & `x`.\n\n## Part\n\n## Part\n\n    a < b\n";
        let page = render(text, "/skills/");
        assert_eq!(page.title.as_deref(), Some("A title"));
        assert_eq!(
            page.html,
            "<p>See <a href=\"/skills/rest.md\">it</a> &amp; <code>x</code>.</p>\n\
             <h2 id=\"part\">Part</h2>\n<h2 id=\"part-2\">Part</h2>\n\
             <pre tabindex=\"0\"><code>a &lt; b\n</code></pre>\n"
        );
    }

    #[test]
    fn html_inside_is_shown_and_does_nothing() {
        let page = render("<script>alert(1)</script>\n\na <b onclick=x>b</b>\n", "/");
        assert!(!page.html.contains("<script") && !page.html.contains("<b "), "{}", page.html);
        assert!(page.html.contains("&lt;script&gt;"), "{}", page.html);
    }
}
