//! TLS, HTTP and the distance: from a connection to a request of one cluster, and back.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use anyhow::{Result, anyhow};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use jiff::fmt::rfc2822::DateTimePrinter;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    task::{JoinHandle, JoinSet},
    time::sleep,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring::{self, Ticketer},
        pki_types::PrivateKeyDer,
    },
};

use super::{
    Arriving, Course, Passage, Shared,
    request::{Answer, Asked},
};

/// The server's TLS configuration, and its certificate in PEM.
pub(super) fn identity() -> Result<(ServerConfig, String)> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).map_err(|error| anyhow!("{error}"))?;
    let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    tls.ticketer = Ticketer::new()?;
    Ok((tls, cert.pem()))
}

/// What answers at an address.
#[derive(Clone)]
pub(super) struct Server {
    acceptor: TlsAcceptor,
    shared: Arc<Shared>,
}

impl Server {
    /// With that identity.
    pub(super) fn new(tls: ServerConfig, shared: Arc<Shared>) -> Self {
        Self { acceptor: TlsAcceptor::from(Arc::new(tls)), shared }
    }

    /// Answers at this address until the task is aborted; with it end the connections that it has accepted.
    pub(super) fn serve(&self, runtime: &Runtime, listener: std::net::TcpListener) -> Result<JoinHandle<()>> {
        listener.set_nonblocking(true)?;
        let _inside = runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        let server = self.clone();
        Ok(runtime.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let server = server.clone();
                        connections.spawn(connection(stream, server.acceptor, server.shared));
                    }
                    // Out of file descriptors: those who wait are accepted as soon as others have gone.
                    Err(_) => sleep(Duration::from_millis(10)).await,
                }
                while connections.try_join_next().is_some() {}
            }
        }))
    }
}

/// What fails here is seen by the client, which says so.
async fn connection(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let distance = *shared.distance.read().unwrap_or_else(PoisonError::into_inner);
    let _ = stream.set_nodelay(true);
    sleep(distance.handshake()).await;
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { answered(request, &shared).await }
    });
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// The end of a connection in place of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
struct Cut;

async fn answered(request: Request<Incoming>, shared: &Shared) -> Result<Response<Full<Bytes>>, Cut> {
    let path = request.uri().path().to_owned();
    let (name, path) = match path.strip_prefix("/c/").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
        Some((name, path)) => (name.to_owned(), path.to_owned()),
        None => return Ok(response(shared, &Answer::no_such_path())),
    };
    let found = shared.clusters.read().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
    let Some(cluster) = found else { return Ok(response(shared, &Answer::no_such_path())) };
    let (parts, body) = request.into_parts();
    let _in_flight = cluster.take_on();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let query = parts.uri.query().unwrap_or_default();
    let asked = Asked::new(parts.method, &path, query, &parts.headers, body);

    let distance = *shared.distance.read().unwrap_or_else(PoisonError::into_inner);
    sleep(distance.request(cluster.times_slower())).await;
    let caller = cluster.authenticate(&parts.headers, shared.clock.now());
    let interceptor = shared.interceptor.read().unwrap_or_else(PoisonError::into_inner).clone();
    let passage = match interceptor {
        None => Passage::from(Course::Answer),
        Some(interceptor) => {
            let method = asked.method.clone();
            let caller = caller.as_ref().map(|caller| caller.name.clone()).unwrap_or_default();
            interceptor.arrived(Arriving { cluster: name, caller, method, path: format!("/{path}") }).await
        }
    };
    let answer = match passage.course {
        Course::Reset => return Err(Cut),
        Course::Refuse(code) => refusal(code),
        Course::Answer | Course::LoseAnswer => cluster.answer(&asked, caller, shared.clock.now()),
    };
    drop(passage.permit);
    if passage.course == Course::LoseAnswer { Err(Cut) } else { Ok(response(shared, &answer)) }
}

fn response(shared: &Shared, answer: &Answer) -> Response<Full<Bytes>> {
    let (kind, body) = match &answer.body {
        Value::String(text) => ("text/plain; charset=utf-8", Bytes::from(text.clone())),
        body => ("application/json", Bytes::from(serde_json::to_vec(body).unwrap_or_default())),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(answer.code).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&shared.clock.now()).ok();
    if let Some(Ok(date)) = date.map(HeaderValue::try_from) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// What an API server says that does not carry a request out.
fn refusal(code: u16) -> Answer {
    let (reason, message) = match code {
        429 => ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
        500 => ("InternalError", "etcdserver: leader changed"),
        503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
        504 => ("Timeout", "the server was unable to return a response in the time allotted"),
        _ => ("Unknown", "the server says no"),
    };
    Answer::failure(code, reason, message)
}
