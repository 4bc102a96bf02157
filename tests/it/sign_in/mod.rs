//! Signing in through a provider: the stand-in plays it, honest and not.

mod answers;
mod callbacks;
mod discovery;
mod github;
mod id_tokens;

use std::sync::Arc;

use axum::extract::Query;
use bottrade::{
    clock::TestClock,
    sign_in::{Callback, Pending, Person, Providers, SignInError},
};

use crate::{app::START, stand_in::StandIn};

const REDIRECT_URI: &str = "http://localhost:8080/sign-in/back";
/// A server's side and a provider.
struct Scene {
    clock: Arc<TestClock>,
    stand_in: StandIn,
    providers: Providers,
}

impl Scene {
    async fn new() -> Self {
        let clock = TestClock::at(START.parse().unwrap());
        let stand_in = StandIn::start(clock.clone()).await;
        let providers = stand_in.providers(&clock);
        Self { clock, stand_in, providers }
    }

    /// To the provider's page and back.
    async fn visited(&self, provider: &str) -> (Pending, Callback) {
        let begun = self.providers.begin(provider, REDIRECT_URI).await.unwrap();
        (begun.pending, callback(&self.stand_in.visit(&begun.url).await))
    }

    async fn finish(&self, pending: &Pending, back: Callback) -> Result<Person, SignInError> {
        let person = self.providers.finish(pending, back).await;
        person.inspect_err(keeps_secrets)
    }

    async fn sign_in(&self, provider: &str) -> Result<Person, SignInError> {
        let (pending, back) = self.visited(provider).await;
        self.finish(&pending, back).await
    }
}

/// What is shown and logged of an error says what to do and holds none of the stand-in's secrets.
fn keeps_secrets(error: &SignInError) {
    let told = format!("{error} {error:?} {}", error.hint());
    assert!(!told.contains("canary"), "{told}");
    let shown = bottrade::error::Error::from(error.clone());
    assert!(shown.hint.is_some() && !shown.message.is_empty(), "{told}");
}

/// What a browser brings back from there.
fn callback(place: &str) -> Callback {
    assert!(place.starts_with(REDIRECT_URI), "{place}");
    Query::try_from_uri(&place.parse().unwrap()).unwrap().0
}
