//! Does a cluster still answer? Once it fell silent, what needs it is begun no more: each would wait for it for as long as
//! it may.

use std::time::Duration;

use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};

use super::Cluster;
use crate::error::{Error, Kind, Result};

/// How long a cluster that fell silent may take to answer once more.
const SOON: Duration = Duration::from_secs(10);
/// The time between two questions.
const AGAIN: Duration = Duration::from_millis(500);

/// Was it asked in vain?
#[derive(Default)]
pub(super) struct Lost(Mutex<bool>);

impl Cluster {
    /// Where its last request was not answered, asks it something that it answers to everybody; one asks for all.
    ///
    /// # Errors
    /// [`Kind::Unreachable`] where it does not answer soon.
    pub async fn still_answers(&self) -> Result<()> {
        if !self.transport.is_silent() {
            return Ok(());
        }
        let mut lost = self.lost.0.lock().await;
        *lost = self.transport.is_silent() && (*lost || !self.answers().await);
        if !*lost {
            return Ok(());
        }
        Err(Error::new(Kind::Unreachable, format_args!("{} does not answer any more: nothing was begun", self.place)))
    }

    /// A server that is started anew, or whose load balancer changes over, refuses connections for some seconds.
    async fn answers(&self) -> bool {
        let asking = async {
            loop {
                let _answer = self.client.apiserver_version().await;
                if !self.transport.is_silent() {
                    break;
                }
                sleep(AGAIN).await;
            }
        };
        timeout(SOON, asking).await.is_ok()
    }
}
