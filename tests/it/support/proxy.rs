//! A proxy before a real API server, which sees requests as HTTP: it counts them, and does to the
//! ones that are named what a network or an overloaded server would.

mod cutting;

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use jiff::fmt::rfc2822;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{net::TcpListener, runtime::Runtime, sync::watch};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use self::cutting::{Cut, Cuttable, Gate, Text, Welcome};
use super::{kubeconfig::inline_pem, testbed::ClusterFacts};

/// What is done to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with this status, and never reaches the API server.
    Answer(u16),
    /// It is carried out, and its answer lost: the connection ends.
    LoseAnswer,
    /// The connection is reset before it is carried out.
    Reset,
    /// As [`Self::Reset`]; that many connections after it are refused.
    Refuse(usize),
    /// The connection ends without TLS's farewell before it is carried out; that many after it end within the handshake.
    CutTls(usize),
    /// It is carried out; half of its answer comes, then the connection ends.
    Truncate,
    /// It is never answered.
    Hang,
    /// It is carried out and never answered.
    HangApplied,
    /// It is answered with this, and never reaches the API server.
    Say(Answer),
    /// It is carried out, and answered with this.
    SayApplied(Answer),
    /// It is carried out and answered with something that is no JSON.
    Garbage,
    /// It is answered with this JSON, and never reaches the API server.
    Json(&'static str),
    /// Nothing is done: it only counts.
    Pass,
}

/// What an API server that fails says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<&'static str>,
    /// The message; without one the test says that it was the test.
    pub message: Option<&'static str>,
}

/// What is asked about each request: its method, its path and query; gives what is done to it.
pub type Decide = Box<dyn Fn(&Method, &str) -> Option<Fault> + Send + Sync>;

/// Which requests a fault is done to.
struct Rule {
    method: Method,
    piece: String,
    fault: Fault,
    /// How many more times.
    times: usize,
}

/// The proxy; it ends with its value.
pub struct Proxy {
    /// Its address, with the path prefix.
    pub server: String,
    certificate: Vec<u8>,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

struct Shared {
    upstream: String,
    prefix: String,
    client: Client<hyper_rustls::HttpsConnector<HttpConnector>, Full<Bytes>>,
    rules: Mutex<Vec<Rule>>,
    decide: Mutex<Option<Decide>>,
    gate: Gate,
    log: Mutex<Vec<String>>,
    accepted: Mutex<Vec<String>>,
    connections: AtomicUsize,
    /// How many requests are never answered.
    hanging: AtomicUsize,
    /// How many seconds the API server's clock seems to be ahead.
    ahead: AtomicI64,
}

impl Proxy {
    /// Before that cluster, speaking HTTP/2 and HTTP/1.1.
    pub fn before(cluster: &ClusterFacts) -> Self {
        Self::start(cluster, "", &[b"h2", b"http/1.1"])
    }

    /// With the API under a path prefix.
    pub fn with_prefix(cluster: &ClusterFacts, prefix: &str) -> Self {
        Self::start(cluster, prefix, &[b"h2", b"http/1.1"])
    }

    /// Speaking HTTP/1.1 only.
    pub fn http1(cluster: &ClusterFacts) -> Self {
        Self::start(cluster, "", &[b"http/1.1"])
    }

    fn start(cluster: &ClusterFacts, prefix: &str, protocols: &[&[u8]]) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let mut tls = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a server certificate");
        tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let shared = Arc::new(Shared {
            upstream: cluster.server.clone(),
            prefix: prefix.to_owned(),
            client: client(cluster),
            rules: Mutex::default(),
            decide: Mutex::default(),
            gate: Gate::default(),
            log: Mutex::default(),
            accepted: Mutex::default(),
            hanging: AtomicUsize::default(),
            connections: AtomicUsize::new(0),
            ahead: AtomicI64::new(0),
        });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let server = format!("https://{}{prefix}", listener.local_addr().expect("an address"));
        runtime.spawn(serve(listener, TlsAcceptor::from(Arc::new(tls)), shared.clone()));
        Self { server, certificate: cert.pem().into_bytes(), shared, _runtime: runtime }
    }

    /// The YAML of a kubeconfig's cluster that leads here.
    pub fn cluster(&self) -> String {
        inline_pem(&self.server, &self.certificate)
    }

    /// Its certificate, PEM.
    pub fn pem(&self) -> &[u8] {
        &self.certificate
    }

    /// Does this to the next requests of that method whose path and query hold the piece; to dry
    /// runs only if the piece names them.
    pub fn fault(&self, method: Method, piece: &str, fault: Fault, times: usize) {
        self.shared.rules.lock().unwrap().push(Rule { method, piece: piece.to_owned(), fault, times });
    }

    /// Leaves it to somebody what is done to each request from now on.
    pub fn decide(&self, decide: Decide) {
        *self.shared.decide.lock().unwrap() = Some(decide);
    }

    /// From now on nothing is done to any request, and every connection is welcome.
    pub fn heal(&self) {
        self.shared.rules.lock().unwrap().clear();
        *self.shared.decide.lock().unwrap() = None;
        self.shared.gate.open();
    }

    /// Never answers such a request, but for the first ones.
    pub fn hang(&self, method: &Method, piece: &str, spared: usize) {
        self.fault(method.clone(), piece, Fault::Pass, spared);
        self.fault(method.clone(), piece, Fault::Hang, usize::MAX);
    }

    /// Is there a request that is never answered?
    pub fn is_hanging(&self) -> bool {
        self.hanging() > 0
    }

    /// How many requests were never answered.
    pub fn hanging(&self) -> usize {
        self.shared.hanging.load(Ordering::Relaxed)
    }

    /// From now on the API server's clock seems to be so many seconds ahead: as if this machine's were
    /// that far behind.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.shared.ahead.store(seconds, Ordering::Relaxed);
    }

    /// Each request that came in: method, path and query.
    pub fn requests(&self) -> Vec<String> {
        self.shared.log.lock().unwrap().clone()
    }

    /// The `Accept` header of each request.
    pub fn accepted(&self) -> Vec<String> {
        self.shared.accepted.lock().unwrap().clone()
    }

    /// How many connections came in.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

fn provider() -> Arc<tokio_rustls::rustls::crypto::CryptoProvider> {
    Arc::new(tokio_rustls::rustls::crypto::ring::default_provider())
}

/// A client of an API server as it is.
pub fn client(cluster: &ClusterFacts) -> Client<hyper_rustls::HttpsConnector<HttpConnector>, Full<Bytes>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&cluster.certificate_authority).expect("the CA") {
        roots.add(certificate.expect("a certificate")).expect("a root");
    }
    let tls = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_only()
        // Over HTTP/2 an anonymous request would end the connection that all the others share.
        .enable_http1()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new()).build(https)
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    while let Ok((tcp, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let (acceptor, shared) = (acceptor.clone(), shared.clone());
        let Some(tcp) = shared.gate.admit(tcp) else { continue };
        tokio::spawn(async move {
            let tcp = match tcp {
                Welcome::Served(tcp) => tcp,
                Welcome::CutInHandshake(tcp) => return cutting::cut_in_handshake(tcp).await,
            };
            let _ = tcp.set_nodelay(true);
            let Ok(tls) = acceptor.accept(tcp).await else { return };
            // A lost answer ends the connection, as it does in life.
            let (cut, cutting) = watch::channel(Cut::Not);
            let service = service_fn(move |request| answer(request, shared.clone(), cut.clone()));
            let builder = auto::Builder::new(TokioExecutor::new());
            let connection = builder.serve_connection(TokioIo::new(Cuttable::new(tls, cutting.clone())), service);
            let mut cutting = cutting;
            tokio::select! {
                _ = connection => {}
                _ = cutting.wait_for(|cut| *cut != Cut::Not) => {}
            }
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    cut: watch::Sender<Cut>,
) -> Result<Response<Text>, Infallible> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    shared.log.lock().unwrap().push(format!("{} {path}", request.method()));
    let accept = request.headers().get(hyper::header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    shared.accepted.lock().unwrap().push(accept.to_owned());
    let fault = shared.next_fault(request.method(), &path);
    match fault {
        Some(Fault::Answer(status)) => return Ok(status_answer(status)),
        Some(Fault::Say(said)) => return Ok(said.response()),
        Some(Fault::Reset) => return cut_off(&cut, Cut::Reset).await,
        Some(Fault::Refuse(more)) => {
            shared.gate.refuse(more);
            return cut_off(&cut, Cut::Reset).await;
        }
        Some(Fault::CutTls(more)) => {
            shared.gate.cut_in_handshake(more);
            return cut_off(&cut, Cut::End).await;
        }
        Some(Fault::Hang) => shared.hang().await,
        Some(Fault::Json(text)) => {
            let response = Response::builder().header("content-type", "application/json");
            return Ok(response.body(Text::whole(Bytes::from_static(text.as_bytes()))).expect("a response"));
        }
        _ => {}
    }
    let Some(path) = path.strip_prefix(&shared.prefix) else { return Ok(status_answer(404)) };
    let (mut parts, body) = request.into_parts();
    parts.uri = format!("{}{path}", shared.upstream).parse::<Uri>().expect("an address");
    parts.version = hyper::Version::HTTP_11;
    parts.headers.remove(hyper::header::HOST);
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let Ok(response) = shared.client.request(Request::from_parts(parts, Full::new(body))).await else {
        return Ok(status_answer(502));
    };
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(hyper::header::CONTENT_LENGTH);
    shared.shift_date(&mut parts.headers);
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    match fault {
        Some(Fault::LoseAnswer) => cut_off(&cut, Cut::End).await,
        Some(Fault::HangApplied) => {
            shared.hang().await;
            cut_off(&cut, Cut::End).await
        }
        Some(Fault::SayApplied(said)) => Ok(said.response()),
        Some(Fault::Truncate) => Ok(Response::from_parts(parts, Text::half(&body))),
        Some(Fault::Garbage) => {
            Ok(Response::from_parts(parts, Text::whole(Bytes::from_static(b"<html>not Kubernetes</html>"))))
        }
        _ => Ok(Response::from_parts(parts, Text::whole(body))),
    }
}

/// Ends the connection that a request came by; its own end ends this, too.
async fn cut_off(cut: &watch::Sender<Cut>, how: Cut) -> Result<Response<Text>, Infallible> {
    let _ = cut.send(how);
    std::future::pending().await
}

impl Answer {
    fn response(self) -> Response<Text> {
        let mut response = status_answer_saying(self.status, self.message);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(hyper::header::RETRY_AFTER, seconds.parse().expect("a header"));
        }
        response
    }
}

impl Shared {
    fn shift_date(&self, headers: &mut hyper::HeaderMap) {
        let ahead = jiff::SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        let date = headers.get(hyper::header::DATE).and_then(|date| rfc2822::parse(date.to_str().ok()?).ok());
        if let Some(date) = date.filter(|_| !ahead.is_zero()) {
            let shifted = date.timestamp().checked_add(ahead).expect("a time");
            let text = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&shifted).expect("a date");
            headers.insert(hyper::header::DATE, text.parse().expect("a header"));
        }
    }

    async fn hang(&self) {
        self.hanging.fetch_add(1, Ordering::Relaxed);
        std::future::pending::<()>().await;
    }

    fn next_fault(&self, method: &Method, path: &str) -> Option<Fault> {
        if let Some(decide) = self.decide.lock().unwrap().as_ref() {
            return decide(method, path);
        }
        let mut rules = self.rules.lock().unwrap();
        let dry_run = |text: &str| text.contains("dryRun");
        let fits = |rule: &Rule| rule.times > 0 && rule.method == method && path.contains(&rule.piece);
        let rule = rules.iter_mut().find(|rule| fits(rule) && dry_run(path) == dry_run(&rule.piece))?;
        rule.times -= 1;
        Some(rule.fault)
    }
}

/// An answer as an API server gives it.
fn status_answer(code: u16) -> Response<Text> {
    status_answer_saying(code, None)
}

fn status_answer_saying(code: u16, message: Option<&str>) -> Response<Text> {
    let status = StatusCode::from_u16(code).expect("a status");
    let message = message.map_or_else(|| format!("the test answers {status}"), str::to_owned);
    let body = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "reason": status.canonical_reason().unwrap_or_default().replace(' ', ""), "message": message,
    });
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Text::whole(Bytes::from(body.to_string()))).expect("a response")
}
