//! A browser: keeps cookies, shows pages, sends forms, and follows nothing by itself.

use std::collections::BTreeMap;

use axum::{Router, body::Body};
use http::{Request, request::Builder};
use url::form_urlencoded::Serializer;

use crate::app::{Client, Reply};

/// A browser of one person.
#[derive(Clone)]
pub(crate) struct Browser {
    base: String,
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(super) fn new(base: &str, router: Router) -> Self {
        let client = Client { router, key: None };
        Self { base: base.to_owned(), client, cookies: BTreeMap::new() }
    }

    /// Has this cookie from now on.
    pub(super) fn keep(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// The cookie of this name.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// The secret of the session.
    pub(super) fn session(&self) -> &str {
        self.cookie("bt_session").expect("nobody is signed in")
    }

    /// Opens a page of the server.
    pub(crate) async fn get(&mut self, place: &str) -> Reply {
        let path = self.path(place);
        self.send(Request::get(path), String::new()).await
    }

    /// Sends a form of one of the server's pages, as browsers do: no page tells its address.
    pub(crate) async fn post(&mut self, place: &str, fields: &[(&str, &str)]) -> Reply {
        let request = Request::post(self.path(place))
            .header("origin", "null")
            .header("sec-fetch-site", "same-origin");
        self.submit(request, fields).await
    }

    /// Sends a form with a head of one's own.
    pub(super) async fn submit(&mut self, request: Builder, fields: &[(&str, &str)]) -> Reply {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = "application/x-www-form-urlencoded";
        self.send(request.header("content-type", kind), body).await
    }

    /// Sends anything, with the cookies; keeps those that come back.
    pub(super) async fn send(&mut self, request: Builder, body: String) -> Reply {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("cookie", cookies.join("; ")).header("host", "localhost");
        let reply = self.client.send(request.body(Body::from(body)).unwrap()).await;
        for line in reply.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// What the page before a consent would send: ticket and form token.
    pub(super) async fn asked(&mut self, address: &str) -> Vec<(String, String)> {
        let page = self.get(address).await;
        hidden(&page.found(200).text)
    }

    /// Answers what a program asks.
    pub(super) async fn answer(&mut self, address: &str, answer: &[(&str, &str)]) -> Reply {
        let hidden = self.asked(address).await;
        let fields: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(answer.iter().copied())
            .collect();
        self.post("/oauth/authorize", &fields).await
    }

    /// Allows a program all that it asks for; gives the code.
    pub(super) async fn allow(&mut self, address: &str) -> String {
        let page = self.get(address).await;
        let page = &page.found(200).text;
        let mut fields = hidden(page);
        let scopes = page.split("name=\"scope\" value=\"").skip(1);
        let scopes = scopes.map(|it| it.split('"').next().unwrap().to_owned());
        fields.extend(scopes.map(|it| ("scope".to_owned(), it)));
        fields.push(("decision".into(), "allow".into()));
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let told = self.post("/oauth/authorize", &fields).await.told();
        told.get("code").unwrap_or_else(|| panic!("no code: {}", told.0))
    }

    fn path(&self, place: &str) -> String {
        place.strip_prefix(&self.base).unwrap_or(place).to_owned()
    }
}

/// The hidden fields of a page.
pub(super) fn hidden(page: &str) -> Vec<(String, String)> {
    let tags = page.split("<input type=\"hidden\" ").skip(1);
    let attribute = |tag: &str, name: &str| {
        let rest = tag.split(&format!("{name}=\"")).nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    tags.map(|tag| (attribute(tag, "name"), attribute(tag, "value"))).collect()
}
