//! The forms of an answer: JSON, and for a table CSV and Arrow; chosen by suffix or by `Accept`.

use axum::http::{HeaderMap, header};

use crate::error::Error;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Csv,
    Arrow,
}

/// How well a media range names a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Anything,
    SameKind,
    Exact,
}

impl Form {
    /// All of a table, the first the one that is sent when nobody asks for another.
    pub(super) const OF_TABLE: [Self; 3] = [Self::Json, Self::Csv, Self::Arrow];

    /// What the path ends with.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Json => ".json",
            Self::Csv => ".csv",
            Self::Arrow => ".arrow",
        }
    }

    /// Its media type, without parameters.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    /// The value of `Content-Type`.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            other => other.media_type(),
        }
    }

    /// The form of a table that the caller likes best.
    pub(super) fn preferred(headers: &HeaderMap) -> Result<Self, Error> {
        let lines = headers.get_all(header::ACCEPT).iter();
        let asked: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        let asked = asked.join(", ");
        if asked.trim().is_empty() {
            return Ok(Self::Json);
        }
        let mut best = (0.0, None);
        for form in Self::OF_TABLE {
            let weight = form.weight(&asked);
            if weight > best.0 {
                best = (weight, Some(form));
            }
        }
        best.1.ok_or_else(|| Self::refused(&asked))
    }

    /// What a caller hears who takes none of the forms of a table.
    pub(super) fn refused(asked: &str) -> Error {
        let types = Self::OF_TABLE.map(Self::media_type).join(", ");
        Error::not_acceptable(asked, &types, &Self::OF_TABLE.map(Self::suffix).join(", "))
    }

    /// The weight that the most specific of these media ranges gives it; 0 is a refusal.
    fn weight(self, asked: &str) -> f32 {
        let ranges = asked.split(',').filter_map(|range| {
            let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
            Some((self.fit(name.trim())?, quality(parameters)))
        });
        ranges.max_by_key(|(fit, _)| *fit).map_or(0.0, |(_, quality)| quality)
    }

    fn fit(self, range: &str) -> Option<Fit> {
        let own = self.media_type();
        if range.eq_ignore_ascii_case(own) {
            return Some(Fit::Exact);
        }
        if range == "*/*" {
            return Some(Fit::Anything);
        }
        let (kind, _) = own.split_once('/')?;
        range.strip_suffix("/*").filter(|it| it.eq_ignore_ascii_case(kind)).map(|_| Fit::SameKind)
    }
}

/// `q` among the parameters of a media range: 0 to 1, and 1 when it is not there.
fn quality(parameters: &str) -> f32 {
    let mut named = parameters.split(';').filter_map(|it| it.split_once('='));
    let asked = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let number = asked.map_or(Some(1.0), |(_, value)| value.trim().parse::<f32>().ok());
    // What cannot be read asks for nothing.
    number.filter(|it| (0.0..=1.0).contains(it)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(accept: &str) -> Result<Form, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Form::preferred(&headers)
    }

    #[test]
    fn the_heaviest_form_is_sent_and_json_among_equals() {
        assert_eq!(Form::preferred(&HeaderMap::new()), Ok(Form::Json));
        for (accept, form) in [
            ("", Form::Json),
            ("*/*", Form::Json),
            ("application/json", Form::Json),
            ("application/*", Form::Json),
            ("text/*", Form::Csv),
            ("TEXT/CSV; charset=utf-8", Form::Csv),
            ("text/csv;q=0.5, application/json;q=0.4", Form::Csv),
            ("text/csv;q=0.5, */*", Form::Json),
            ("application/json;q=0, */*;q=0.1", Form::Csv),
            ("application/*;q=0.1, application/vnd.apache.arrow.stream", Form::Arrow),
            ("image/png, application/vnd.apache.arrow.stream; Q=0.001", Form::Arrow),
            ("*/*;q=1, application/json;q=0.2, text/csv;q=0.3", Form::Arrow),
        ] {
            assert_eq!(preferred(accept), Ok(form), "{accept}");
        }
    }

    #[test]
    fn what_no_form_fits_is_refused_and_the_forms_are_named() {
        for accept in ["image/png", "json", "*/*;q=0", "text/csv;q=x", "text/csv;q=2", ", ,;"] {
            let error = preferred(accept).unwrap_err();
            let told = format!("{} {}", error.message, error.hint.unwrap());
            for form in Form::OF_TABLE {
                assert!(told.contains(form.media_type()) && told.contains(form.suffix()), "{told}");
            }
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, "text/csv;q=0.5".parse().unwrap());
        headers.append(header::ACCEPT, "application/json;q=0.4".parse().unwrap());
        assert_eq!(Form::preferred(&headers), Ok(Form::Csv));
    }
}
