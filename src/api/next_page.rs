//! Where the next page of a bare list is: a list has no member to say it, so a header does (RFC
//! 8288).

use axum::{
    http::{HeaderValue, header},
    response::Response,
};
use url::form_urlencoded;

/// The field that asks for a page.
const CURSOR: &str = "cursor";

/// The answer with a link to the page at this cursor, for the same query.
pub(super) fn linked(mut response: Response, query: &str, cursor: &str) -> Response {
    let asked = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != CURSOR);
    let mut next = form_urlencoded::Serializer::new(String::new());
    let next = next.extend_pairs(asked).append_pair(CURSOR, cursor).finish();
    if let Ok(link) = HeaderValue::from_str(&format!("<?{next}>; rel=\"next\"")) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_goes_on_at_the_cursor() {
        let link = |query| linked(Response::default(), query, "17").headers()[header::LINK].clone();
        assert_eq!(link(""), "<?cursor=17>; rel=\"next\"");
        let same = "status=OPEN&limit=2&cursor=40";
        assert_eq!(link(same), "<?status=OPEN&limit=2&cursor=17>; rel=\"next\"");
        assert_eq!(link("a=%3E%22%0A"), "<?a=%3E%22%0A&cursor=17>; rel=\"next\"");
    }
}
