//! The plugin on fleets of simulated run clusters, beside one real build cluster.

#![expect(unreachable_pub, reason = "its modules are written as the small libraries they are")]

#[path = "simulator/mod.rs"]
mod simulator;

use anyhow::Result;

fn main() -> Result<()> {
    let simulator = simulator::Simulator::start()?;
    simulator.cluster("a").make_namespace("apps", simulator.clock().now());
    simulator.cluster("build");
    let path = std::env::var("SIM_KUBECONFIG").unwrap_or("/tmp/simkube".into());
    use simulator::Reach;
    std::fs::write(&path, simulator.kubeconfig("operator", [("a", Reach::Alive), ("build", Reach::Alive)]))?;
    simulator.cluster("a").record();
    let mut line = String::new();
    while std::io::stdin().read_line(&mut line)? > 0 {}
    use std::io::Write as _;
    for line in simulator.cluster("a").recorded() {
        writeln!(std::io::stderr(), "{line}")?;
    }
    Ok(())
}
