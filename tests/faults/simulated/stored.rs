//! What stands in a kubeconfig Secret.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

/// The token of the kubeconfig; none where there is none.
pub fn token(secret: &Value) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(secret["data"]["value"].as_str()?).ok()?).ok()?;
    let token = text.lines().find_map(|line| line.trim().trim_start_matches("- ").strip_prefix("token:"))?;
    Some(token.trim().to_owned())
}
