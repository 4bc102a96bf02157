//! What a provider says of somebody, read and bounded.

/// Characters of a subject: OpenID Connect allows no more.
const SUBJECT_MAX: usize = 255;
/// Characters of a name.
const SHOWN_MAX: usize = 60;
/// Characters of an email address: SMTP allows no more.
const EMAIL_MAX: usize = 254;

/// A subject as it came, if it is one: a cleaned one could be somebody else's.
pub(super) fn subject(text: &str) -> Option<String> {
    let good = !text.is_empty() && text == cleaned(text, SUBJECT_MAX);
    good.then(|| text.to_owned())
}

/// The first of these names that shows something.
pub(super) fn shown<'a>(names: impl IntoIterator<Item = Option<&'a str>>) -> Option<String> {
    let names = names.into_iter().flatten().map(|name| cleaned(name, SHOWN_MAX));
    names.into_iter().find(|name| !name.is_empty())
}

/// An address as it came, if it looks like one.
pub(super) fn email(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let whole = !local.is_empty() && !domain.is_empty() && !text.contains(char::is_whitespace);
    (whole && text == cleaned(text, EMAIL_MAX)).then(|| text.to_owned())
}

/// One line of at most so many characters, without any that cannot be seen or that turn the
/// direction of the text around them.
pub(super) fn cleaned(text: &str, max: usize) -> String {
    let seen = text.chars().map(|it| if it.is_whitespace() { ' ' } else { it });
    let seen: String = seen.filter(|it| !is_hidden(*it)).take(max.saturating_mul(2)).collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    words.join(" ").chars().take(max).collect::<String>().trim_end().to_owned()
}

fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            // soft hyphen, Arabic letter mark, fillers of Hangul and Mongolian
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
            // zero width, marks of direction, separators of lines, embeddings and isolates
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            // tags and more selectors
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_visible_line() {
        let show = |name: &str| shown([Some(name)]);
        assert_eq!(show("  Ada\n\tLovelace "), Some("Ada Lovelace".into()));
        assert_eq!(show("Zoë 李"), Some("Zoë 李".into()));
        assert_eq!(show("a\u{202e}drowssap\u{0}\u{200b}"), Some("adrowssap".into()));
        assert_eq!(show("\u{200b}\u{2066}\u{3164} "), None);
        assert_eq!(show(&"x".repeat(1_000)).unwrap().len(), SHOWN_MAX);
        assert_eq!(shown([None, Some("\u{feff}"), Some("bob")]), Some("bob".into()));
    }

    #[test]
    fn a_subject_is_taken_as_it_is_or_not_at_all() {
        for good in ["1", "auth0|5f7c", &"s".repeat(SUBJECT_MAX)] {
            assert_eq!(subject(good).as_deref(), Some(good));
        }
        for bad in ["", " 1", "1\n", "1\u{200b}", "a  b", &"s".repeat(SUBJECT_MAX + 1)] {
            assert_eq!(subject(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_dropped() {
        assert_eq!(email("ada@example.com"), Some("ada@example.com".into()));
        for bad in ["", "ada", "@example.com", "ada@", "a da@example.com", "a@b\u{202e}"] {
            assert_eq!(email(bad), None, "{bad:?}");
        }
    }
}
