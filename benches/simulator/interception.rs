//! Who looks at each request before it is carried out: it can hold it, or let it fail.

use std::any::Any;

use futures::future::BoxFuture;
use http::Method;

/// A request that has arrived, and is not carried out yet.
#[derive(Debug, Clone)]
pub struct Arriving {
    /// The cluster's name.
    pub cluster: String,
    /// Who sends it: an operator's token, a ServiceAccount's user name, `system:anonymous`; empty where the token is
    /// refused.
    pub caller: String,
    /// The method.
    pub method: Method,
    /// The path below the cluster's own.
    pub path: String,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It is carried out and answered.
    Answer,
    /// It is answered with this status, and not carried out.
    Refuse(u16),
    /// The connection, or over HTTP/2 the stream, ends; it is not carried out.
    Reset,
    /// The same, but it is carried out.
    LoseAnswer,
}

/// The course of a request, and something that is dropped when it has been carried out.
pub struct Passage {
    /// Its course.
    pub course: Course,
    /// What is dropped then.
    pub permit: Option<Box<dyn Any + Send + Sync>>,
}

impl From<Course> for Passage {
    fn from(course: Course) -> Self {
        Self { course, permit: None }
    }
}

/// Decides about requests.
pub trait Interceptor: Send + Sync {
    /// Called for each request; it is held until the future is ready.
    fn arrived(&self, arriving: Arriving) -> BoxFuture<'_, Passage>;
}
