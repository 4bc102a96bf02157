//! Calls to services that this server relies on, such as sign-in providers and Stripe: bounded in
//! time and size, encrypted, and never led elsewhere.

use std::{pin::Pin, time::Duration};

use http::{Request, Response, StatusCode, header};
use oauth2::{AccessToken, AsyncHttpClient};
use reqwest::redirect;
use serde::de::DeserializeOwned;
use url::{Host, Url};

/// What one call may take, from the connection to the last byte of the answer: the five of a
/// sign-in must fit the time of a call to us.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Bytes of an answer.
const ANSWER_MAX: usize = 256 * 1024;
/// Characters of the network's own words that the log repeats.
const DETAIL_MAX: usize = 200;

/// Who calls: GitHub answers nobody without a name.
const USER_AGENT: &str = concat!("BotTrade/", env!("CARGO_PKG_VERSION"));

/// What went wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpFault {
    /// It is not there, or the line broke.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It took longer than any call may.
    #[error("it did not answer in time")]
    TooSlow,
    /// It sent more than any answer needs.
    #[error("its answer is too large")]
    TooLarge,
    /// It sends us elsewhere, with what we carry: never followed.
    #[error("it answered with a redirect, status {0}")]
    Redirect(u16),
    /// It refuses, or does not work.
    #[error("it answered with status {0}")]
    Status(u16),
    /// The answer is not the JSON that it should be.
    #[error("its answer is not the expected JSON")]
    NotJson,
    /// The address would carry secrets in clear over a network.
    #[error("its address is neither https nor on this machine")]
    InTheClear,
}

/// The client that every such call goes through.
pub struct Http {
    /// Heeds the proxy of the environment: some networks have no other way out.
    away: reqwest::Client,
    /// Without one, which would be a way out for what is not encrypted, and without certificates.
    here: reqwest::Client,
    time_max: Duration,
}

impl Http {
    /// A client without cookies, that follows nothing.
    pub fn new() -> reqwest::Result<Self> {
        let client = || {
            reqwest::Client::builder()
                .redirect(redirect::Policy::none())
                .referer(false)
                .user_agent(USER_AGENT)
        };
        let (away, here) = (client(), client().no_proxy().tls_certs_only([]));
        let (away, here) = (away.build()?, here.build()?);
        Ok(Self { away, here, time_max: TIME_MAX })
    }

    /// The same with less time for a call.
    #[must_use]
    pub fn within(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }

    /// Reads a JSON document, as the bearer of a token or as anybody.
    pub async fn get<T: DeserializeOwned>(
        &self,
        url: &str,
        accept: &str,
        token: Option<&AccessToken>,
    ) -> Result<T, HttpFault> {
        let mut request = Request::get(url).header(header::ACCEPT, accept);
        if let Some(token) = token {
            let bearer = format!("Bearer {}", token.secret());
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let request = request.body(Vec::new()).map_err(|_| HttpFault::NotJson)?;
        let response = self.send(request).await?;
        if response.status() != StatusCode::OK {
            return Err(HttpFault::Status(response.status().as_u16()));
        }
        serde_json::from_slice(response.body()).map_err(|_| HttpFault::NotJson)
    }

    /// Sends a request; an answer that is one, even a refusal, is returned.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpFault> {
        let mut request = reqwest::Request::try_from(request).map_err(fault)?;
        if !is_safe(request.url()) {
            return Err(HttpFault::InTheClear);
        }
        *request.timeout_mut() = Some(self.time_max);
        let client = if request.url().scheme() == "https" { &self.away } else { &self.here };
        let mut response = client.execute(request).await.map_err(fault)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(HttpFault::Redirect(status.as_u16()));
        }
        if status.is_server_error() {
            return Err(HttpFault::Status(status.as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(fault)? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(HttpFault::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpFault;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, HttpFault>> + Send + 'c>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// Whether what is sent there can be read by nobody on the way.
pub fn is_safe(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    let anonymous = url.username().is_empty() && url.password().is_none();
    anonymous && (url.scheme() == "https" || url.scheme() == "http" && here)
}

fn fault(error: reqwest::Error) -> HttpFault {
    if error.is_timeout() {
        return HttpFault::TooSlow;
    }
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let text = cause.to_string();
    HttpFault::Unreachable(text.chars().filter(|it| !it.is_control()).take(DETAIL_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_can_read_on_the_way_is_safe() {
        for good in [
            "https://github.com/login",
            "http://127.0.0.1:4000/token",
            "http://localhost:4000",
            "http://[::1]:4000",
        ] {
            assert!(is_safe(&good.parse().unwrap()), "{good}");
        }
        for bad in [
            "http://github.com/login",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "https://user:pass@example.com",
            "https://user@example.com",
            "ftp://localhost",
            "file:///etc/passwd",
        ] {
            assert!(!is_safe(&bad.parse().unwrap()), "{bad}");
        }
    }
}
