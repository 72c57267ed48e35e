//! Can the repository be reached from here? The reader must reach it from its own cluster, so that this
//! is worth a warning and no more.

use std::time::Duration;

use tokio::net::TcpStream;

use crate::{delivery::git::Url, plan::Side};

/// Who does not answer until then is told.
const LIMIT: Duration = Duration::from_secs(2);
/// Behind one of these the way is another than the direct one.
const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// A warning where it cannot.
pub(super) async fn warning(url: Option<&Url>, side: Side) -> Option<String> {
    let url = url?;
    if !url.is_ssh() && PROXIES.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
        return None;
    }
    let (host, port) = (url.host.as_str(), url.port_or_default());
    let why = match tokio::time::timeout(LIMIT, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => return None,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", LIMIT.as_secs()),
    };
    Some(format!("{host}:{port} cannot be reached from here ({why}): the reader must reach it from the {side} cluster"))
}
