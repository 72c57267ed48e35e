//! What `-v` shows, on stderr: our own steps and requests. Libraries are never heard, at any
//! level: some log the bodies of answers.

use tracing::Level;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Begins to show events: the steps from level 1 on, each request from level 6 on.
pub fn init(verbosity: u8) {
    let level = match verbosity {
        0 => return,
        1..=5 => Level::INFO,
        _ => Level::DEBUG,
    };
    let ours = Targets::new().with_target("kubectl_tapmc", level);
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(false).compact();
    // A second call can only come from a test in the same process.
    let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
}
