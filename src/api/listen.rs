//! The port: accepts connections, has HTTP/1.1 spoken on each, and ends in order.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc};

use axum::{
    Router,
    http::{HeaderValue, Request, Version, header},
    response::{IntoResponse as _, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::Service as _, service::service_fn};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, watch},
    time::{interval, sleep, timeout},
};

use super::{
    limits::{
        ACCEPT_PAUSE, BACKLOG, BUFFER_BYTES_MAX, FAREWELL, HEAD_BYTES_MAX, LAST_WORD_MAX, Limits,
        SOCKET_BYTES_MAX, SWEEP_EVERY, TURN_AWAY_MAX, TURNED_AWAY_MAX,
    },
    places::{Place, Places},
};
use crate::error::Error;

/// How far the end of the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Nobody asked for it.
    Open,
    /// Each answer is the last of its connection.
    Farewell,
    /// Connections without a call are closed.
    Closing,
}

/// Takes a port; its connections inherit the limits of their buffers.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A server that starts again need not wait for the connections of the one before.
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SOCKET_BYTES_MAX)?;
    socket.set_recv_buffer_size(SOCKET_BYTES_MAX)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` resolves and every call under way then is answered. The number of
/// connections that had to be cut because their time was up.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    stop: impl Future<Output = ()>,
) -> usize {
    let door = Door {
        places: Places::new(limits),
        router: TowerToHyperService::new(router),
        turned_away: Arc::new(Semaphore::new(TURNED_AWAY_MAX)),
        stage: watch::Sender::new(Stage::Open),
    };
    door.accept(&listener, stop).await;
    let drained = async {
        door.stage.send_replace(Stage::Farewell);
        door.accept(&listener, sleep(FAREWELL)).await;
        drop(listener);
        door.stage.send_replace(Stage::Closing);
        door.places.all_left().await;
    };
    // Somebody does not take his answer; what was answered is on the disk.
    let _ = timeout(limits.drain, drained).await;
    door.places.taken()
}

/// What every connection shares.
struct Door {
    places: Arc<Places>,
    router: TowerToHyperService<Router>,
    turned_away: Arc<Semaphore>,
    stage: watch::Sender<Stage>,
}

impl Door {
    /// Accepts connections until `stop` resolves.
    async fn accept(&self, listener: &TcpListener, stop: impl Future<Output = ()>) {
        let mut sweep = interval(SWEEP_EVERY);
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                _ = sweep.tick() => self.places.sweep(),
                accepted = listener.accept() => match accepted {
                    Ok((stream, from)) => self.open(stream, from.ip()),
                    Err(error) if concerns_one_connection(&error) => (),
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept connections");
                        self.places.make_room();
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }

    /// Has a connection served, or turned away when there is no place.
    fn open(&self, stream: TcpStream, from: std::net::IpAddr) {
        // Without it, Nagle's algorithm holds small answers back for 40 ms.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        match self.places.enter(from) {
            Some(place) => {
                let (router, stage) = (self.router.clone(), self.stage.subscribe());
                let turned_away = Arc::clone(&self.turned_away);
                tokio::spawn(converse(stream, place, router, stage, turned_away));
            }
            None => {
                if let Ok(permit) = Arc::clone(&self.turned_away).try_acquire_owned() {
                    tokio::spawn(async move {
                        turn_away(stream).await;
                        drop(permit);
                    });
                }
            }
        }
    }
}

/// Errors of `accept` that the next connection does not have.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(
        error.kind(),
        K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused | K::Interrupted
    )
}

fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    // The time-outs are those of `Places`: they need no timer per connection.
    http.header_read_timeout(None);
    http.max_header_size(HEAD_BYTES_MAX).max_buf_size(BUFFER_BYTES_MAX);
    http
}

/// Serves one connection to its end.
async fn converse(
    stream: TcpStream,
    place: Place,
    router: TowerToHyperService<Router>,
    stage: watch::Receiver<Stage>,
    turned_away: Arc<Semaphore>,
) {
    let service = service_fn(|request| answer(request, &router, &place, &stage));
    let mut connection = pin!(http().serve_connection(TokioIo::new(stream), service));
    let mut closing = pin!(wait_for(stage.clone(), Stage::Closing));
    tokio::select! {
        ended = &mut connection => return log(ended),
        () = place.dismissed() => {
            // Its place is gone: what it asks now is answered with that.
            if let Ok(_permit) = turned_away.try_acquire() {
                let _ = timeout(LAST_WORD_MAX, connection).await;
            }
            return;
        }
        () = &mut closing => (),
    }
    // A head that is not there yet cannot be waited for.
    if !place.is_new() {
        connection.as_mut().graceful_shutdown();
        log(connection.await);
    }
}

fn log(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Resolves when the server is this far.
async fn wait_for(mut stage: watch::Receiver<Stage>, wanted: Stage) {
    // An error is the server's end.
    let _ = stage.wait_for(|it| *it >= wanted).await;
}

async fn answer(
    mut request: Request<Incoming>,
    router: &TowerToHyperService<Router>,
    place: &Place,
    stage: &watch::Receiver<Stage>,
) -> Result<Response, Infallible> {
    let error = if place.begin() { refused(&request) } else { Some(Error::no_room()) };
    let refused = error.is_some();
    let mut response = if let Some(error) = error {
        error.into_response()
    } else {
        let client = place.client(request.headers());
        request.extensions_mut().insert(client);
        router.call(request).await?
    };
    place.end();
    if refused || *stage.borrow() > Stage::Open {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// What RFC 9112 has a server refuse and hyper lets through.
fn refused(request: &Request<Incoming>) -> Option<Error> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    let expected = if request.version() == Version::HTTP_11 { 1..=1 } else { 0..=1 };
    (!expected.contains(&hosts)).then(|| Error::malformed_request("it needs one Host header"))
}

/// Tells a client that there is no room.
async fn turn_away(stream: TcpStream) {
    let service = service_fn(|_| async { Ok::<_, Infallible>(Error::no_room().into_response()) });
    let mut http = http();
    let connection = http.keep_alive(false).serve_connection(TokioIo::new(stream), service);
    let _ = timeout(TURN_AWAY_MAX, connection).await;
}
