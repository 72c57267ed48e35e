//! Distance: a TCP proxy on loopback that makes a server seem a round trip away.
//!
//! What is read at one moment is written half a round trip later, whatever else is under way: each
//! chunk has its own time, so that several small writes in a row cost one delay together, as on a
//! real wire. The first chunk of a client also waits for the round trip of the TCP handshake,
//! which loopback does not have.
//!
//! Plain threads, because their sleeps end within a tenth of a millisecond; an asynchronous timer
//! counts whole ones.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// A proxy before one server; it ends with the process.
pub struct DelayProxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    round_trip_micros: AtomicU64,
    connections: AtomicUsize,
}

/// What was read, and when it is due at the other end; nothing for the end of the stream.
type Chunk = (Instant, Option<Vec<u8>>);

impl DelayProxy {
    /// Starts a proxy before `server`, without a delay at first.
    pub fn start(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, state) = (listener.local_addr()?, Arc::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let round_trip = Duration::from_micros(shared.round_trip_micros.load(Ordering::Relaxed));
                // A connection that fails is seen by its client, which says so.
                let _ = join(client, server, round_trip);
            }
        });
        Ok(Self { address, state })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the round trip of connections that open from now on.
    pub fn set_round_trip(&self, round_trip: Duration) {
        let micros = u64::try_from(round_trip.as_micros()).unwrap_or(u64::MAX);
        self.state.round_trip_micros.store(micros, Ordering::Relaxed);
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }
}

fn join(client: TcpStream, server: SocketAddr, round_trip: Duration) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let one_way = round_trip / 2;
    carry(client.try_clone()?, server.try_clone()?, one_way, round_trip);
    carry(server, client, one_way, Duration::ZERO);
    Ok(())
}

/// Carries everything from one end to the other: one thread notes when it came, another writes it
/// when it is due.
fn carry(mut from: TcpStream, to: TcpStream, one_way: Duration, mut handshake: Duration) {
    let (sender, chunks) = mpsc::channel::<Chunk>();
    thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        loop {
            let length = from.read(&mut buffer).unwrap_or(0);
            let due = Instant::now() + one_way + std::mem::take(&mut handshake);
            let chunk = (length > 0).then(|| buffer[..length].to_vec());
            if sender.send((due, chunk)).is_err() || length == 0 {
                return;
            }
        }
    });
    thread::spawn(move || deliver(&chunks, to));
}

fn deliver(chunks: &mpsc::Receiver<Chunk>, mut to: TcpStream) {
    for (due, chunk) in chunks {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let written = chunk.map(|chunk| to.write_all(&chunk));
        if !matches!(written, Some(Ok(()))) {
            break;
        }
    }
    // It may be closed already.
    let _ = to.shutdown(Shutdown::Write);
}
