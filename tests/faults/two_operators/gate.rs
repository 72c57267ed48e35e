//! The gate before the simulated clusters: it holds an operator's requests until it is that operator's turn, and looks at
//! the clusters after each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::Notify;

use super::super::simulator::{Arriving, Course, Interceptor, Passage};

/// The tokens of the operators.
pub const OPERATORS: [&str; 2] = ["operator-one", "operator-two"];

/// Looks at the clusters after a request.
pub type Look = Box<dyn Fn(&Arriving) + Send + Sync>;

/// The gate.
pub struct Gate {
    state: Mutex<State>,
    changed: Notify,
    look: Arc<Look>,
}

struct State {
    /// Whose turn it is.
    turn: usize,
    /// How many requests are left of it, and of the turns after it.
    turns: Vec<usize>,
    /// Nobody is held any more.
    free: bool,
    /// How many requests each has made.
    made: [usize; 2],
    log: Vec<String>,
}

impl Gate {
    /// For a race: who goes first, and how many requests each may make in turn.
    pub fn new(first: usize, turns: &[usize], look: Look) -> Arc<Self> {
        let turns: Vec<usize> = turns.iter().rev().copied().collect();
        let state = State { turn: first, free: turns.is_empty(), turns, made: [0; 2], log: Vec::new() };
        Arc::new(Self { state: Mutex::new(state), changed: Notify::new(), look: Arc::new(look) })
    }

    /// An operator's command has ended: the other is not held any more.
    pub fn ended(&self, who: usize) {
        let mut state = self.state();
        state.free = true;
        state.log.push(format!("{} has ended", OPERATORS[who]));
        drop(state);
        self.changed.notify_waiters();
    }

    /// How many requests each has made.
    pub fn made(&self) -> [usize; 2] {
        self.state().made
    }

    /// The requests in the order in which they were let through.
    pub fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn may_pass(&self, who: usize, arriving: &Arriving) -> bool {
        let mut state = self.state();
        while !state.free && state.turn == who && state.turns.last() == Some(&0) {
            state.turns.pop();
            state.turn = 1 - who;
            state.free = state.turns.is_empty();
            self.changed.notify_waiters();
        }
        let passes = state.free || state.turn == who;
        if passes {
            if let Some(left) = state.turns.last_mut().filter(|left| **left > 0) {
                *left -= 1;
            }
            state.made[who] += 1;
            let line = format!("{} {} {}{}", arriving.caller, arriving.method, arriving.cluster, arriving.path);
            state.log.push(line);
        }
        passes
    }
}

impl Interceptor for Gate {
    fn arrived(&self, arriving: Arriving) -> BoxFuture<'_, Passage> {
        Box::pin(async move {
            let looked = Looked { look: Arc::clone(&self.look), arriving: arriving.clone() };
            let passage = Passage { course: Course::Answer, permit: Some(Box::new(looked)) };
            // What is sent with the stored token, or with none, changes nothing.
            let Some(who) = OPERATORS.iter().position(|operator| *operator == arriving.caller) else {
                return Passage::from(Course::Answer);
            };
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                // Whoever is told between the look and the wait must not be missed.
                changed.as_mut().enable();
                if self.may_pass(who, &arriving) {
                    return passage;
                }
                changed.await;
            }
        })
    }
}

/// Looks at the clusters when the request has been carried out.
struct Looked {
    look: Arc<Look>,
    arriving: Arriving,
}

impl Drop for Looked {
    fn drop(&mut self) {
        (self.look)(&self.arriving);
    }
}
