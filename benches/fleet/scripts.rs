//! The opponent: `benches/registration/script.sh`, once for each run cluster, one after the other and several at a time.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    ground::{APPS, Ground},
    simulator::Reach,
};

/// How many scripts run at a time, in the parallel variant.
pub const AT_A_TIME: usize = 16;
/// How many run clusters they register.
pub const FLEET: usize = 50;

/// What they took.
#[derive(Debug, Clone, Copy)]
pub struct Scripts {
    /// One after the other.
    pub sequential: Duration,
    /// [`AT_A_TIME`] at a time.
    pub parallel: Duration,
}

impl Scripts {
    /// Runs both, each on run clusters of its own.
    pub fn of(ground: &Ground) -> Result<Self> {
        Ok(Self { sequential: run(ground, "sequential", 1)?, parallel: run(ground, "parallel", AT_A_TIME)? })
    }
}

fn run(ground: &Ground, stem: &str, at_a_time: usize) -> Result<Duration> {
    let fleet: Vec<(String, PathBuf)> = (0..FLEET)
        .map(|number| {
            let name = format!("{stem}-{number:04}");
            // The script's contexts are called 'build' and 'run'.
            let text = fs::read_to_string(ground.kubeconfig(&name, &[(name.clone(), Reach::Alive)])?)?;
            let path = ground.folder().join(&name);
            fs::write(&path, text.replace(&format!("name: {name}, context"), "name: run, context"))?;
            Ok((name, path))
        })
        .collect::<Result<_>>()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/registration/script.sh");
    let begun = Instant::now();
    thread::scope(|scope| {
        let share = |worker: usize| fleet.iter().skip(worker).step_by(at_a_time);
        let workers: Vec<_> = (0..at_a_time)
            .map(|worker| {
                let script = &script;
                scope.spawn(move || {
                    for (name, kubeconfig) in share(worker) {
                        let mut command = ground.command("/bin/sh", Some(kubeconfig));
                        command.arg(script).args([name, APPS]).stdout(Stdio::null()).stderr(Stdio::piped());
                        let output = command.output()?;
                        let told = String::from_utf8_lossy(&output.stderr).into_owned();
                        ensure!(output.status.success(), "script.sh failed: {told}");
                    }
                    Ok(())
                })
            })
            .collect();
        for worker in workers {
            match worker.join() {
                Ok(result) => result.context("a script")?,
                Err(_) => bail!("a script's thread failed"),
            }
        }
        Ok(begun.elapsed())
    })
}
