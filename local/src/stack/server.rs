//! An HTTP server that nobody keeps busy by being slow: what never becomes a request is closed, a body that stops is a request that failed.
//!
//! A deployment has API Gateway for this. Limits: 100 headers and 64 KiB of them, which hyper answers 431.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Request;
use axum::serve::Listener;
use futures::{Stream, StreamExt as _, stream};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tower::ServiceExt as _;

/// A request's head, and the pause before the next request on the same connection.
const HEAD_TIME: Duration = Duration::from_secs(10);
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Between two pieces of a body.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// The largest file on a laptop takes seconds.
const BODY_TIME: Duration = Duration::from_secs(120);
/// More wait until one of them ends.
const CONNECTIONS_MAX: usize = 512;

/// Serves the router until it is dropped.
pub(super) async fn serve(mut listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = Listener::accept(&mut listener), if connections.len() < CONNECTIONS_MAX => {
                connections.spawn(connection(stream, router.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    let service = router.map_request(|request: hyper::Request<hyper::body::Incoming>| patient(request.map(Body::new)));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended");
    }
}

/// The request, with a body that fails where it is not read whole in time.
fn patient(request: Request) -> Request {
    request.map(|body| {
        let end = Instant::now().checked_add(BODY_TIME);
        Body::from_stream(in_time(body.into_data_stream(), end))
    })
}

/// Ends with the first failure.
fn in_time(body: BodyDataStream, end: Option<Instant>) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        let soon = Instant::now().checked_add(PAUSE_MAX);
        let deadline = soon.into_iter().chain(end).min()?;
        match timeout_at(deadline, body.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(body))),
            Ok(None) => None,
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Err(elapsed) => Some((Err(axum::Error::new(elapsed)), None)),
        }
    })
}
