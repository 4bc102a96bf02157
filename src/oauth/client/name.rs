//! What a client calls itself, made fit to be shown beside a question of trust.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory},
};

/// Characters of a name.
pub const NAME_MAX: usize = 64;

/// Marks on one letter: some languages stack two, a name that covers the page stacks a hundred.
const MARKS_MAX: usize = 2;

/// Blank, but for Unicode a symbol.
const BRAILLE_BLANK: char = '\u{2800}';

/// The name on one line, without what cannot be seen, turns the direction of writing or leaves the
/// line; nothing when nothing is left.
pub(in crate::oauth) fn clean(text: &str) -> Option<String> {
    let mut name = String::new();
    let (mut length, mut marks, mut space) = (0, 0, false);
    for letter in text.chars() {
        match kind(letter) {
            Kind::Nothing => continue,
            Kind::Space => {
                space = true;
                continue;
            }
            Kind::Mark if name.is_empty() || space || marks == MARKS_MAX => continue,
            Kind::Mark => marks += 1,
            Kind::Letter => marks = 0,
        }
        let needed = if space && !name.is_empty() { 2 } else { 1 };
        if length + needed > NAME_MAX {
            break;
        }
        if needed == 2 {
            name.push(' ');
        }
        name.push(letter);
        (length, space) = (length + needed, false);
    }
    (!name.is_empty()).then_some(name)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Mark,
    Space,
    Nothing,
}

fn kind(letter: char) -> Kind {
    use GeneralCategory::{
        Control, EnclosingMark, Format, NonspacingMark, PrivateUse, Surrogate, Unassigned,
    };
    if letter.is_whitespace() || letter == BRAILLE_BLANK {
        return Kind::Space;
    }
    if CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter) {
        return Kind::Nothing;
    }
    match CodePointMapData::<GeneralCategory>::new().get(letter) {
        Control | Format | PrivateUse | Surrogate | Unassigned => Kind::Nothing,
        NonspacingMark | EnclosingMark => Kind::Mark,
        _ => Kind::Letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_honest_name_stays() {
        for name in ["Claude Code (bottrade)", "Zoë’s agent", "取引 ボット", "व्यापार", "a\u{301}"]
        {
            assert_eq!(clean(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_gone() {
        let hidden = [
            "\u{0}",
            "\u{7}",
            "\u{1b}",
            "\u{7f}",
            "\u{85}",
            "\u{ad}",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{180e}",
            "\u{200b}",
            "\u{200d}",
            "\u{200e}",
            "\u{200f}",
            "\u{202a}",
            "\u{202e}",
            "\u{2060}",
            "\u{2066}",
            "\u{2069}",
            "\u{3164}",
            "\u{fe0f}",
            "\u{feff}",
            "\u{ffa0}",
            "\u{fff9}",
            "\u{e000}",
            "\u{e0041}",
            "\u{10ffff}",
        ];
        for it in hidden {
            let name = clean(&format!("{it}Cla{it}ude{it}")).unwrap();
            assert!(name == "Claude" || name == "Cla ude", "{it:?}: {name:?}");
            assert_eq!(clean(it), None, "{it:?}");
        }
    }

    #[test]
    fn it_is_one_line_of_bounded_length_and_height() {
        let name = " Claude\n\n\tCode\u{2028}is\u{a0}\u{2800}\u{3000} here \r\n";
        assert_eq!(clean(name).as_deref(), Some("Claude Code is here"));
        for blank in ["", " ", "\n\t", "\u{2800}", "\u{301}\u{302}"] {
            assert_eq!(clean(blank), None, "{blank:?}");
        }
        assert_eq!(clean(&"ж".repeat(4_000)).unwrap(), "ж".repeat(NAME_MAX));
        assert_eq!(clean(&"a ".repeat(4_000)).unwrap().chars().count(), NAME_MAX - 1);
        let tall = format!("a{}b", "\u{301}".repeat(500));
        assert_eq!(clean(&tall).unwrap(), "a\u{301}\u{301}b");
    }
}
