//! The addresses of a run's page and of what belongs to it.

use url::form_urlencoded::Serializer;

/// Where a run's page is, as whoever asked may open it.
pub(super) struct Address {
    base: String,
    run: String,
    /// The private link by which it was opened.
    link: Option<String>,
}

impl Address {
    pub(super) fn new(base: &str, run: &str, link: Option<String>) -> Self {
        Self { base: base.to_owned(), run: run.to_owned(), link }
    }

    /// The page in full, without a query.
    pub(super) fn whole(&self) -> String {
        format!("{}/run/{}", self.base, self.run)
    }

    /// Something below the page in full, such as `badge.svg`.
    pub(super) fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.whole())
    }

    /// The run at the REST door in full, such as `/journal`.
    pub(super) fn api(&self, rest: &str) -> String {
        format!("{}/api/v1/runs/{}{rest}", self.base, self.run)
    }

    /// The page with the prices and the fills of an instrument, and this page of fills.
    pub(super) fn of(&self, symbol: Option<&str>, page: usize) -> String {
        let mut query = Serializer::new(String::new());
        if let Some(symbol) = symbol {
            query.append_pair("symbol", symbol);
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        self.with("", query)
    }

    /// Where updates of the run come from.
    pub(super) fn events(&self) -> String {
        self.with("/events", Serializer::new(String::new()))
    }

    /// Where the curves are as numbers.
    pub(super) fn curves(&self) -> String {
        self.with("/curves", Serializer::new(String::new()))
    }

    /// The private link, to be carried on by forms.
    pub(super) fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    fn with(&self, rest: &str, mut query: Serializer<'_, String>) -> String {
        if let Some(link) = &self.link {
            query.append_pair("link", link);
        }
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/run/{}{rest}{mark}{query}", self.run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_what_is_asked_for() {
        let of = |link: Option<&str>| Address::new("http://h", "r", link.map(str::to_owned));
        assert_eq!(of(None).of(None, 1), "/run/r");
        assert_eq!(of(None).of(Some("BTC/USD"), 2), "/run/r?symbol=BTC%2FUSD&page=2");
        assert_eq!(of(Some("x")).of(None, 3), "/run/r?page=3&link=x");
        assert_eq!(of(Some("x")).events(), "/run/r/events?link=x");
        assert_eq!(of(None).below("badge.svg"), "http://h/run/r/badge.svg");
    }
}
