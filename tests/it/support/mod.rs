//! What the tests are written with.

pub mod carvel;
pub mod flux;
pub mod kubeconfig;
pub mod kubectl;
pub mod packages;
pub mod proxy;
pub mod readers;
pub mod tapmc;
pub mod testbed;
pub mod tunnel;
pub mod waiting;

pub use carvel::Tap;
pub use flux::Flux;
pub use kubeconfig::KubeconfigFile;
pub use kubectl::Kubectl;
pub use proxy::{Fault, Proxy};
pub use readers::RealReader;
pub use tapmc::Tapmc;
pub use testbed::{BUILD, BUILD_TWO, RUN, RUN_CAPPED, RUN_PACKAGES, Testbed};
pub use tunnel::Tunnel;
pub use waiting::{eventually, eventually_within};

use std::sync::atomic::{AtomicUsize, Ordering};

/// A name that no other test, and no other run of the suite, uses.
pub fn unique(stem: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let seconds = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |age| age.as_secs() % 100_000);
    format!("{stem}-{seconds}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
