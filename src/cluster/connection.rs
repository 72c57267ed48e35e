//! One warm connection per cluster: HTTP/2 where the server offers it, else a few HTTP/1.1 ones.
//!
//! kube's own stack offers HTTP/1.1 only and never sets TCP_NODELAY. With it, each parallel
//! request beyond the warm connections costs a TCP and a TLS handshake, and each request waits
//! 40 ms for a delayed acknowledgement. So the connector is made here, from kube's TLS
//! configuration, and everything else (authentication, base URL, impersonation) stays kube's.

use std::{
    fmt, io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::{
        legacy::connect::{
            Connection as _, HttpConnector,
            proxy::{SocksV5, Tunnel},
        },
        proxy::matcher::{Intercept, Matcher},
    },
    rt::{TokioExecutor, TokioTimer},
};
use kube::{Config, client::ConfigExt as _};
use tokio::{sync::Mutex, time::timeout};
use tower::{BoxError, Service, ServiceExt as _};

/// How long one connection may take to open, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// No answer that this plugin asks for is larger.
const MAX_RESPONSE: usize = 64 << 20;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// No connection came about: the request was never sent.
    #[error("{0}")]
    NotSent(#[source] BoxError),
    /// The connection failed once the request was on its way: it may have been carried out.
    #[error("{0}")]
    NotAnswered(#[source] BoxError),
    /// The time was over; the request may have been carried out.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
}

/// Which protocols are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocols {
    /// HTTP/2, and HTTP/1.1 where the server has no other.
    Any,
    /// HTTP/1.1 alone. An API server ends an HTTP/2 connection after an anonymous request
    /// (kubernetes' UnauthenticatedHTTP2DOSMitigation), and the connection that proves the address
    /// anonymously is the one on which the token is tried later.
    Http1,
}

/// The connections to one API server.
pub(super) struct Connection {
    dial: Dial,
    server: Uri,
    state: Mutex<State>,
    /// How often opening one failed.
    failures: AtomicUsize,
}

type Dial = Box<dyn Fn(Uri) -> BoxFuture<'static, Result<Dialled, BoxError>> + Send + Sync>;
type RequestBody = Full<Bytes>;

enum Dialled {
    Http2(http2::SendRequest<RequestBody>),
    Http1(http1::SendRequest<RequestBody>),
}

#[derive(Default)]
struct State {
    http2: Option<http2::SendRequest<RequestBody>>,
    /// Connections that wait for a request.
    http1: Vec<http1::SendRequest<RequestBody>>,
    /// The server was seen to speak HTTP/1.1 only: further connections may open in parallel.
    is_http1: bool,
    /// Why opening one failed the last time.
    last_failure: Option<Failure>,
}

/// Why a connection could not be opened, for everybody who waited for it.
#[derive(Debug, Clone)]
struct Failure(Arc<dyn std::error::Error + Send + Sync>);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failure {
    // What it holds itself: derived, the cause would be the Arc, and nobody could tell what kind of error is in it.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// Was it given up because it took too long?
pub(super) fn is_late(error: &(dyn std::error::Error + 'static)) -> bool {
    io_error(error).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

/// Was it given up by this process, which says of it but that a deadline has elapsed?
fn is_given_up(error: &(dyn std::error::Error + 'static)) -> bool {
    is_late(error) && io_error(error).is_some_and(|error| error.raw_os_error().is_none())
}

/// May this process, or may this machine, open no more files?
pub(super) fn is_out_of_files(error: &(dyn std::error::Error + 'static)) -> bool {
    // EMFILE and ENFILE, on Linux and macOS alike.
    io_error(error).and_then(io::Error::raw_os_error).is_some_and(|code| cfg!(unix) && [23, 24].contains(&code))
}

fn io_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a io::Error> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// An error, and each that lies below it.
pub(super) fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

impl Connection {
    /// Prepares the way to the configured server; nothing is sent yet.
    ///
    /// # Errors
    /// kube's, for a client certificate, CA or proxy that cannot be used.
    pub(super) fn new(config: &Config, protocols: Protocols) -> Result<Self, kube::Error> {
        Ok(Self {
            dial: dialler(config, protocols)?,
            server: config.cluster_url.clone(),
            state: Mutex::default(),
            failures: AtomicUsize::new(0),
        })
    }

    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// [`Fault::NotSent`] and [`Fault::NotAnswered`].
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Fault> {
        let request = request.map(Full::new);
        match self.sender().await.map_err(Fault::NotSent)? {
            Dialled::Http2(mut sender) => answer(sender.send_request(request).await).await,
            Dialled::Http1(mut sender) => {
                let response = answer(sender.send_request(relative(request)).await).await?;
                if sender.ready().await.is_ok() {
                    self.state.lock().await.http1.push(sender);
                }
                Ok(response)
            }
        }
    }

    /// Closes the connections that wait for a request; the next one opens another.
    pub(super) fn rest(&self) {
        // One that is just being opened is about to be used.
        if let Ok(mut state) = self.state.try_lock() {
            state.http2 = None;
            state.http1 = Vec::new();
        }
    }

    /// Its address.
    pub(super) fn server(&self) -> &Uri {
        &self.server
    }

    async fn sender(&self) -> Result<Dialled, BoxError> {
        let failures = self.failures.load(Ordering::Relaxed);
        let mut state = self.state.lock().await;
        // It was tried while this one waited: it need not find that out again, one after the other.
        if let Some(failure) = state.last_failure.clone().filter(|_| self.failures.load(Ordering::Relaxed) > failures) {
            return Err(failure.into());
        }
        if let Some(sender) = state.http2.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(Dialled::Http2(sender.clone()));
        }
        while let Some(sender) = state.http1.pop() {
            if !sender.is_closed() {
                return Ok(Dialled::Http1(sender));
            }
        }
        if state.is_http1 {
            drop(state);
            return self.open().await;
        }
        // The lock is held meanwhile: whoever comes next shares an HTTP/2 connection.
        let dialled = match self.open().await {
            Ok(dialled) => dialled,
            Err(error) => {
                let failure = Failure(error.into());
                state.last_failure = Some(failure.clone());
                self.failures.fetch_add(1, Ordering::Relaxed);
                return Err(failure.into());
            }
        };
        match &dialled {
            Dialled::Http2(sender) => state.http2 = Some(sender.clone()),
            Dialled::Http1(_) => state.is_http1 = true,
        }
        Ok(dialled)
    }

    async fn open(&self) -> Result<Dialled, BoxError> {
        match timeout(CONNECT_TIMEOUT, (self.dial)(self.server.clone())).await {
            Ok(Err(error)) if !is_given_up(error.as_ref()) => Err(error),
            Ok(Ok(dialled)) => Ok(dialled),
            _ => {
                let seconds = CONNECT_TIMEOUT.as_secs();
                Err(io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {seconds} s")).into())
            }
        }
    }
}

async fn answer(sent: Result<Response<Incoming>, hyper::Error>) -> Result<Response<Bytes>, Fault> {
    let response = sent.map_err(|error| {
        if error.is_canceled() { Fault::NotSent(error.into()) } else { Fault::NotAnswered(error.into()) }
    })?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, MAX_RESPONSE).collect().await.map_err(Fault::NotAnswered)?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}

/// HTTP/1.1 wants the path on its first line and the host in a header.
fn relative(mut request: Request<RequestBody>) -> Request<RequestBody> {
    let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
    if let Ok(host) = http::HeaderValue::from_str(authority.rsplit('@').next().unwrap_or_default()) {
        request.headers_mut().insert(http::header::HOST, host);
    }
    if let Some(path) = request.uri().path_and_query().cloned() {
        *request.uri_mut() = Uri::from(path);
    }
    request
}

fn dialler(config: &Config, protocols: Protocols) -> Result<Dial, kube::Error> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let Some(found) = proxy(config) else { return through(config, protocols, tcp) };
    let (proxy, auth) = (found.uri(), found.basic_auth().cloned());
    let unsupported = || kube::Error::ProxyProtocolUnsupported { proxy_url: Box::new(proxy.clone()) };
    match proxy.scheme_str() {
        Some("http") => through(config, protocols, tunnel(proxy.clone(), tcp, auth)),
        Some("https") => {
            let tls = HttpsConnectorBuilder::new()
                .with_tls_config(config.rustls_client_config()?)
                .https_only()
                .enable_http1();
            through(config, protocols, tunnel(proxy.clone(), tls.wrap_connector(tcp), auth))
        }
        Some("socks5") => {
            let socks = SocksV5::new(proxy.clone(), tcp);
            match found.raw_auth() {
                Some((user, password)) => {
                    through(config, protocols, socks.with_auth(user.to_owned(), password.to_owned()))
                }
                None => through(config, protocols, socks),
            }
        }
        _ => Err(unsupported()),
    }
}

fn tunnel<C>(proxy: Uri, connector: C, auth: Option<http::HeaderValue>) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy, connector);
    match auth {
        Some(auth) => tunnel.with_auth(auth),
        None => tunnel,
    }
}

/// The kubeconfig's `proxy-url`; else, as kubectl does, the one of the environment, unless
/// NO_PROXY names the server or it is this machine.
fn proxy(config: &Config) -> Option<Intercept> {
    let host = config.cluster_url.host()?.trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    match &config.proxy_url {
        Some(url) => Matcher::builder().all(url.to_string()).build().intercept(&config.cluster_url),
        None if is_here => None,
        None => Matcher::from_env().intercept(&config.cluster_url),
    }
}

fn through<C>(config: &Config, protocols: Protocols, connector: C) -> Result<Dial, kube::Error>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response:
        hyper_util::client::legacy::connect::Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let builder = HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config()?).https_or_http();
    let builder = match config.tls_server_name.clone().map(TryInto::try_into) {
        Some(Ok(name)) => builder.with_server_name_resolver(FixedServerNameResolver::new(name)),
        // A name that cannot be one is found again, and explained, by the handshake.
        _ => builder,
    };
    let connector: HttpsConnector<C> = match protocols {
        Protocols::Any => builder.enable_all_versions().wrap_connector(connector),
        Protocols::Http1 => builder.enable_http1().wrap_connector(connector),
    };
    Ok(Box::new(move |server| Box::pin(handshake(connector.clone(), server))))
}

async fn handshake<C>(mut connector: HttpsConnector<C>, server: Uri) -> Result<Dialled, BoxError>
where
    C: Service<Uri> + Send + 'static,
    C::Response:
        hyper_util::client::legacy::connect::Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let stream = connector.ready().await?.call(server).await?;
    if stream.connected().is_negotiated_h2() {
        let (sender, connection) =
            http2::Builder::new(TokioExecutor::new()).timer(TokioTimer::new()).handshake(stream).await?;
        tokio::spawn(ending("HTTP/2", connection));
        Ok(Dialled::Http2(sender))
    } else {
        let (sender, connection) = http1::handshake(stream).await?;
        tokio::spawn(ending("HTTP/1.1", connection));
        Ok(Dialled::Http1(sender))
    }
}

/// Drives a connection to its end, which the next request sees.
async fn ending(protocol: &str, connection: impl Future<Output = Result<(), hyper::Error>>) {
    match connection.await {
        Ok(()) => tracing::debug!("an {protocol} connection ended"),
        Err(error) => tracing::debug!("an {protocol} connection ended: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_too_long_is_late_for_everybody_who_waited_for_it() {
        let late = || io::Error::new(io::ErrorKind::TimedOut, "no connection within 10 s");
        assert!(is_late(&Failure(Arc::new(late()))));
        assert!(!is_late(&Failure(Arc::new(io::Error::from(io::ErrorKind::ConnectionRefused)))));
        assert_eq!(is_out_of_files(&Failure(Arc::new(io::Error::from_raw_os_error(24)))), cfg!(unix));
    }
}
