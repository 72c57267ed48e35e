//! What befalls a request.

use std::fmt;

use crate::support::{Fault as Done, proxy::Answer};

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The connection is reset, and the next one refused.
    Refused,
    /// The connection ends without TLS's farewell, and the next one within the handshake.
    TlsCut,
    /// The connection is reset before the request is carried out.
    Reset,
    /// It is carried out, and the connection ends.
    AnswerLost,
    /// It is carried out, and half of the answer comes.
    Truncated,
    /// It is never answered.
    Hang,
    /// It is answered so, and not carried out.
    Status(u16),
    /// 429 with a wait of a second.
    BusySoon,
    /// 429 with a wait that nobody waits for.
    BusyForever,
    /// etcd's transient 500, not carried out.
    Etcd,
    /// The same, carried out.
    EtcdApplied,
    /// 504, carried out.
    TimeoutApplied,
    /// It is carried out, and answered with what is no JSON.
    Malformed,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Refused,
        Self::TlsCut,
        Self::Reset,
        Self::AnswerLost,
        Self::Truncated,
        Self::Hang,
        Self::Status(401),
        Self::Status(403),
        Self::Status(404),
        Self::Status(409),
        Self::BusySoon,
        Self::BusyForever,
        Self::Etcd,
        Self::EtcdApplied,
        Self::Status(503),
        Self::TimeoutApplied,
        Self::Malformed,
    ];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.to_string() == name)
    }

    /// As the proxy does it, once or to each repetition.
    pub fn done(self, persistent: bool) -> Done {
        let more = if persistent { usize::MAX } else { 1 };
        let say = |status, retry_after, message| Answer { status, retry_after, message };
        let leader = Some("etcdserver: leader changed");
        match self {
            Self::Refused => Done::Refuse(more),
            Self::TlsCut => Done::CutTls(more),
            Self::Reset => Done::Reset,
            Self::AnswerLost => Done::LoseAnswer,
            Self::Truncated => Done::Truncate,
            Self::Hang => Done::Hang,
            Self::Status(status) => Done::Say(say(status, None, None)),
            Self::BusySoon => Done::Say(say(429, Some("1"), None)),
            Self::BusyForever if persistent => Done::Say(say(429, Some("86400"), None)),
            Self::BusyForever => Done::Say(say(429, Some("18446744073709551615"), None)),
            Self::Etcd => Done::Say(say(500, None, leader)),
            Self::EtcdApplied => Done::SayApplied(say(500, None, leader)),
            Self::TimeoutApplied => Done::SayApplied(say(504, None, None)),
            Self::Malformed => Done::Garbage,
        }
    }

    /// The exit codes that tell of it, where the command could not ride it out: the README's.
    pub fn codes(self) -> &'static [i32] {
        match self {
            Self::Refused | Self::TlsCut | Self::Reset | Self::AnswerLost | Self::Truncated | Self::Hang => &[6],
            Self::Status(401 | 403) => &[5],
            // What is gone, and what is in the way, is told by what was looked for.
            Self::Status(404) => &[1, 2, 4, 5, 6],
            Self::Status(409) => &[1, 4],
            Self::BusySoon
            | Self::BusyForever
            | Self::Status(_)
            | Self::TimeoutApplied
            | Self::Etcd
            | Self::EtcdApplied
            | Self::Malformed => &[1, 6],
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Refused => "refused",
            Self::TlsCut => "tls-cut",
            Self::Reset => "reset",
            Self::AnswerLost => "answer-lost",
            Self::Truncated => "truncated",
            Self::Hang => "hang",
            Self::Status(status) => return write!(f, "{status}"),
            Self::BusySoon => "429",
            Self::BusyForever => "429-absurd",
            Self::Etcd => "etcd",
            Self::EtcdApplied => "etcd-applied",
            Self::TimeoutApplied => "504-applied",
            Self::Malformed => "malformed",
        };
        f.write_str(name)
    }
}
