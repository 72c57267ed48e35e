//! Where a fault can befall a command: its requests, told apart in a way that no concurrency changes.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, LazyLock, Mutex},
};

use hyper::Method;
use regex::Regex;

use crate::support::Fault as Done;

/// Which cluster a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The build cluster.
    Build,
    /// The run cluster.
    Run,
}

/// A request of a command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// Where it goes.
    pub side: Side,
    /// Its method.
    pub method: String,
    /// Its path and query, without what differs from run to run.
    pub path: String,
    /// Which one of those that are the same, from 1 on.
    pub nth: usize,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Build => "build",
            Self::Run => "run",
        })
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.side, self.method, self.path)?;
        if self.nth > 1 { write!(f, " ({})", self.nth) } else { Ok(()) }
    }
}

/// What is done at a site.
#[derive(Debug, Clone)]
pub struct Injection {
    /// The site.
    pub site: Site,
    /// What is done to its request.
    pub once: Done,
    /// What is done to its repetitions: nothing where it befalls one request alone.
    pub again: Option<Done>,
}

/// Sees each request of one run.
#[derive(Clone)]
pub struct Watch(Arc<Seen>);

struct Seen {
    id: String,
    injection: Option<Injection>,
    counts: Mutex<HashMap<(Side, String, String), usize>>,
    order: Mutex<Vec<Site>>,
    hits: Mutex<usize>,
}

impl Watch {
    /// Of a stage of this name, with what is done.
    pub fn new(id: &str, injection: Option<Injection>) -> Self {
        Self(Arc::new(Seen {
            id: id.to_owned(),
            injection,
            counts: Mutex::default(),
            order: Mutex::default(),
            hits: Mutex::default(),
        }))
    }

    /// Notes a request; gives what is done to it.
    pub fn saw(&self, side: Side, method: &Method, path: &str) -> Option<Done> {
        let path = scrub(path, &self.0.id);
        let mut counts = self.0.counts.lock().unwrap();
        let count = counts.entry((side, method.to_string(), path.clone())).or_default();
        *count += 1;
        let asked = Site { side, method: method.to_string(), path, nth: *count };
        self.0.order.lock().unwrap().push(asked.clone());
        let injection = self.0.injection.as_ref()?;
        let wanted = &injection.site;
        let same = asked.side == wanted.side && asked.method == wanted.method && asked.path == wanted.path;
        if !same || asked.nth < wanted.nth {
            return None;
        }
        let done = if asked.nth == wanted.nth { Some(injection.once) } else { injection.again };
        *self.0.hits.lock().unwrap() += usize::from(done.is_some());
        done
    }

    /// How often the fault struck.
    pub fn hits(&self) -> usize {
        *self.0.hits.lock().unwrap()
    }

    /// The sites, each where it came first.
    pub fn sites(&self) -> Vec<Site> {
        self.0.order.lock().unwrap().clone()
    }
}

/// The sites that all clean runs have, in an order that is always the same.
///
/// A question that is repeated until its answer changes is three sites at the most.
pub fn numbered(runs: &[Vec<Site>]) -> Vec<Site> {
    let mut times: BTreeMap<&Site, usize> = BTreeMap::new();
    for site in runs.iter().flatten().filter(|site| site.nth <= 3) {
        *times.entry(site).or_default() += 1;
    }
    times.into_iter().filter(|(_, times)| *times == runs.len()).map(|(site, _)| site.clone()).collect()
}

static UID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").expect("an expression")
});
static OWN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(ID(-too)?)-[a-km-z2-9]{5}\b").expect("an expression"));
static MINUTE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b\d+ \* \* \* \*").expect("an expression"));
static HASH: LazyLock<Regex> = LazyLock::new(|| Regex::new("[0-9a-f]{32,}").expect("an expression"));
static TIME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d{4}-\d\d-\d\dT?\d\d[:-]?\d\d[:-]?\d\d(\.\d+)?Z?").expect("an expression"));
static MARKER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(delivery|renewal|[a-z]+)-\d+-[a-z0-9]{5,}\b").expect("an expression"));
static SERVER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"127\.0\.0\.1(:|%3A)\d+").expect("an expression"));
static LONG_NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d{7,}").expect("an expression"));

/// A text without what differs from run to run: names of the stage, identities, times, random parts.
pub fn scrub(text: &str, id: &str) -> String {
    let text = text.replace(id, "ID");
    let text = UID.replace_all(&text, "UID");
    let text = TIME.replace_all(&text, "TIME");
    let text = OWN.replace_all(&text, "$1-*");
    let text = MINUTE.replace_all(&text, "# * * * *");
    let text = HASH.replace_all(&text, "HASH");
    let text = MARKER.replace_all(&text, "$1-#");
    let text = SERVER.replace_all(&text, "SERVER");
    LONG_NUMBER.replace_all(&text, "#").into_owned()
}
