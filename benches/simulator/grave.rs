//! An address that can be closed so that what is sent there is lost, as it is when a machine or the way to it is gone: the
//! kernel drops what asks for a connection while the queue of those that nobody accepts is full.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Result;
use tokio::{runtime::Runtime, task::JoinHandle};

use super::server::Server;

/// More connections than wait in the queue of any socket that listens.
const QUEUE: usize = 5_000;
/// After so long a connection is taken to have found no place.
const PATIENCE: Duration = Duration::from_millis(50);

/// Such an address; open at first.
pub(super) struct Grave {
    listener: TcpListener,
    server: Server,
    state: Mutex<State>,
}

enum State {
    Open(JoinHandle<()>),
    /// What fills the queue.
    Closed(Vec<TcpStream>),
}

impl Grave {
    /// On loopback and a free port.
    pub(super) fn new(runtime: &Runtime, server: Server) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let accepting = server.serve(runtime, listener.try_clone()?)?;
        Ok(Self { listener, server, state: Mutex::new(State::Open(accepting)) })
    }

    /// Where it is.
    pub(super) fn address(&self) -> SocketAddr {
        // It was asked for by number, and is bound.
        self.listener.local_addr().unwrap_or_else(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// From now on nobody gets through.
    pub(super) fn close(&self) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(accepting) = &*state {
            accepting.abort();
            // The queue is the kernel's, and is not emptied any more as soon as the task has ended.
            while !accepting.is_finished() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let address = self.listener.local_addr()?;
            let open = || TcpStream::connect_timeout(&address, PATIENCE).ok();
            *state = State::Closed(std::iter::repeat_with(open).take(QUEUE).map_while(|open| open).collect());
        }
        Ok(())
    }

    /// From now on everybody does.
    pub(super) fn open(&self, runtime: &Runtime) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Closed(waiting) = &mut *state {
            waiting.clear();
            *state = State::Open(self.server.serve(runtime, self.listener.try_clone()?)?);
        }
        Ok(())
    }
}
