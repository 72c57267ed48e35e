//! A line that shows what is going on, on a terminal only.

use std::{
    io::IsTerminal as _,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A spinner that ends when it is dropped.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    pub(super) fn start(text: &str) -> Self {
        Self(bar(None, "{spinner} {msg}", text))
    }

    /// One that shows nothing: another line tells how far all are.
    pub(super) fn unseen() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Says what is going on now.
    pub fn now(&self, text: &str) {
        tracing::info!("{text}");
        self.0.set_message(super::redact::clean(text));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// How many of many are done, how many of them failed, and how long the rest will take; ends when it is dropped.
#[derive(Debug)]
pub struct Count {
    bar: ProgressBar,
    failed: AtomicUsize,
}

impl Count {
    pub(super) fn start(text: &str, number: usize) -> Self {
        // Of one there is nothing to count.
        let template = if number == 1 { "{spinner} {msg}" } else { "{spinner} {msg} {pos}/{len}{prefix}, {eta} left" };
        Self { bar: bar(u64::try_from(number).ok(), template, text), failed: AtomicUsize::new(0) }
    }

    /// One more is done.
    pub fn one_more(&self, failed: bool) {
        if failed {
            let failed = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
            self.bar.set_prefix(format!(", {failed} failed"));
        }
        self.bar.inc(1);
    }

    /// Takes the line away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.end();
    }
}

/// A line on a terminal that can draw over itself; elsewhere nothing is seen of it.
fn bar(number: Option<u64>, template: &str, text: &str) -> ProgressBar {
    let visible = std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(number, target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(super::redact::clean(text));
    if visible {
        bar.enable_steady_tick(Duration::from_millis(100));
    }
    bar
}
