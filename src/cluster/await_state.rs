//! Waiting until a controller has brought an object into a state.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Cluster, apply::shown};
use crate::{
    error::{Error, Kind, Result},
    kind::ApiKind,
    words,
};

/// The first wait between two looks; each later one is longer by half.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest.
const MAX_WAIT: Duration = Duration::from_secs(2);

impl Cluster {
    /// Looks at an object again and again until `reached` gives something; it sees none where the
    /// object does not exist. `awaited` ends the sentence "… is not" when the time is over.
    ///
    /// # Errors
    /// [`Kind::Unreachable`] when the limit is over; else as the API server answers, or as `reached`
    /// says.
    pub async fn await_state<T>(
        &self,
        (kind, namespace, name): (&ApiKind, Option<&str>, &str),
        awaited: &str,
        limit: Duration,
        mut reached: impl FnMut(Option<&Value>) -> Result<Option<T>>,
    ) -> Result<T> {
        let begun = Instant::now();
        let mut wait = FIRST_WAIT;
        loop {
            self.restart_clock();
            let found = self.read_object(kind, namespace, name).await?;
            if let Some(state) = reached(found.as_ref())? {
                return Ok(state);
            }
            let left = limit.saturating_sub(begun.elapsed());
            if left.is_zero() {
                let object = shown(&kind.manifest(namespace, name, Value::Null));
                return Err(Error::new(
                    Kind::Unreachable,
                    format_args!(
                        "{object} on {} is not {awaited} after {}",
                        self.place,
                        words::duration(i64::try_from(limit.as_secs()).unwrap_or(i64::MAX))
                    ),
                ));
            }
            tokio::time::sleep(wait.min(left)).await;
            wait = (wait + wait / 2).min(MAX_WAIT);
        }
    }

    /// Looks at the objects of a kind with these labels again and again, until `reached` says that it is
    /// enough or the limit is over: one request for all of them each time.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn await_listed(
        &self,
        (kind, namespace, labels): (&ApiKind, &str, &str),
        limit: Duration,
        mut reached: impl FnMut(&[Value]) -> bool,
    ) -> Result<()> {
        let begun = Instant::now();
        let mut wait = FIRST_WAIT;
        loop {
            self.restart_clock();
            let found = self.list_objects(kind, Some(namespace), Some(labels)).await?.unwrap_or_default();
            let left = limit.saturating_sub(begun.elapsed());
            if reached(&found) || left.is_zero() {
                return Ok(());
            }
            tokio::time::sleep(wait.min(left)).await;
            wait = (wait + wait / 2).min(MAX_WAIT);
        }
    }
}
