//! Updates of a run that is under way, as server-sent events: each tells the number of the last
//! command, and the page fetches itself.

use std::{convert::Infallible, pin::Pin, sync::Arc, time::Duration};

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream::{Stream, unfold};
use tokio::time::{Sleep, sleep, timeout};

use super::{super::page::Failed, Asker, Maybe, Wanted};
use crate::{app::App, runs::Watch};

/// How long a stream lasts. It ends in order before the port would cut it as idle, and the browser
/// comes back; so who may not look any more does not for long.
const LASTS: Duration = Duration::from_secs(50);
/// How soon the browser comes back.
const COMES_BACK: Duration = Duration::from_secs(1);
/// Commands closer together than this are told as one.
const PAUSE: Duration = Duration::from_millis(250);
/// How often a stream without news says that it lives.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// The stream; none of a run that has ended.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    wanted: Maybe<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let link = wanted.ok().and_then(|Query(it)| it.link);
    let asker = Asker::of(&app, &headers, link.as_deref()).await?;
    let Some((seq, watch)) = app.runs.watch(&asker.visitor, &id).await? else {
        // So a browser does not come back.
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let stream = Sse::new(stream(seq, watch));
    let stream = stream.keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE));
    let mut response = stream.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

struct Listener {
    watch: Watch,
    until: Pin<Box<Sleep>>,
    /// What is told at once.
    first: Option<i64>,
}

fn stream(seq: i64, watch: Watch) -> impl Stream<Item = Result<Event, Infallible>> {
    let listener = Listener { watch, until: Box::pin(sleep(LASTS)), first: Some(seq) };
    unfold(listener, |mut listener| async move {
        let seq = listener.next().await?;
        let event = Event::default().id(seq.to_string()).data(seq.to_string());
        Some((Ok(event.retry(COMES_BACK)), listener))
    })
}

impl Listener {
    async fn next(&mut self) -> Option<i64> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let mut last = tokio::select! {
            seq = self.watch.next() => seq?,
            () = &mut self.until => return None,
        };
        // What follows at once is told with it; the end of the server ends this, too.
        let more = async {
            while let Some(seq) = self.watch.next().await {
                last = seq;
            }
        };
        let _ = timeout(PAUSE, more).await;
        Some(last)
    }
}
