//! `export --ephemeral`: one command with a credential of its own, which ends with it.

use std::{
    ffi::OsStr,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::process::{Child, Command};

use super::of::Of;
use crate::{
    cli::{export::ExportArgs, output::DryRun},
    commands::{
        limits,
        registering::{Lent, Loan, Registering, as_recorded},
        until_interrupted,
    },
    error::{Error, Kind, Result},
    output::Printer,
    readers::Reader,
    registration::{Asked, Rotation},
    report::Journal,
    words,
};

/// The lifetime of the token where nobody says otherwise.
const DURATION: Duration = Duration::from_secs(3600);

/// Runs the command, and ends the credential when it has ended, however it did.
pub(super) async fn run(args: &ExportArgs, reader: &Reader, printer: Printer, journal: &Journal) -> Result<()> {
    if reader.name != "kubeconfig" {
        return Err(Error::usage(format_args!("a command takes a kubeconfig, and this is for {}", reader.title))
            .hint("leave --for out"));
    }
    if !cfg!(target_os = "linux") {
        return Err(not_in_memory());
    }
    let command = named(&args.command);
    let registering = until_interrupted(observed(args, &command, printer)).await?;
    let consent = &args.changing.consent;
    if consent.dry_run != DryRun::None {
        printer.say(&format!("{command} would be given a credential of {} (dry run)", registering.account()));
        return Ok(());
    }
    printer.confirm(&format!("Issue a token of {} for {command}?", registering.account()), consent.yes)?;
    registering.restart_clock();
    let mut endings = Endings::watch()?;
    let loan = Loan { by: registering.operator().await, whom: command.clone() };
    let lent = registering.lend(&loan, journal).await?;
    let ended = if endings.have_come().await {
        Err(Error::new(Kind::Interrupted, "interrupted"))
    } else {
        with_kubeconfig(&lent, &args.command, endings).await
    };
    registering.revoke(&lent).await?;
    journal.told();
    printer.say(&format!("the credential of {command} is revoked: within 10 s nobody can use it"));
    ended.and_then(|status| verdict(&command, status))
}

/// Looks at the registration as it is.
async fn observed(args: &ExportArgs, command: &str, printer: Printer) -> Result<Registering> {
    let build = super::of::connect(args).await?;
    let of = Of::find_only(args, &build, printer).await?;
    of.recorded()?;
    let (held, local) = (&of.held, &of.build.kubeconfig);
    let from = as_recorded(&held.name, &held.secret.namespace, Some(held), local, &of.contexts.run)?;
    let asked = Asked {
        duration: Some(args.duration.unwrap_or(DURATION)),
        rotation: Rotation::WhenNeeded,
        allow_loopback_server: true,
        allow_same_cluster: true,
        ..from
    };
    let _progress = printer.progress(&format!("asking for a credential for {command}"));
    let operator = of.operator();
    Registering::observe(operator, of.contexts.clone(), &asked, limits(&args.changing.kubeconfig)).await
}

/// Runs the command with KUBECONFIG.
#[cfg(target_os = "linux")]
async fn with_kubeconfig(lent: &Lent, command: &[std::ffi::OsString], endings: Endings) -> Result<ExitStatus> {
    use std::io::Write as _;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    let unwritten =
        |error: std::io::Error| Error::failed(format_args!("the kubeconfig cannot be handed over: {error}"));
    let held = memfd_create("kubeconfig", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING);
    let mut held = std::fs::File::from(held.map_err(|error| unwritten(error.into()))?);
    held.write_all(lent.kubeconfig.expose().as_bytes()).map_err(unwritten)?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(&held, seals).map_err(|error| unwritten(error.into()))?;
    // In memory alone, and by this process: whatever the command starts can read it, and it ends with this one.
    let path = format!("/proc/{}/fd/{}", std::process::id(), std::os::fd::AsRawFd::as_raw_fd(&held));
    let ended = started(command, Path::new(&path))?;
    until_it_ends(ended, endings).await
}

/// Elsewhere a kubeconfig cannot be handed over without a file on a disk.
#[cfg(not(target_os = "linux"))]
async fn with_kubeconfig(_lent: &Lent, _command: &[std::ffi::OsString], _endings: Endings) -> Result<ExitStatus> {
    Err(not_in_memory())
}

/// Said before a credential is issued.
fn not_in_memory() -> Error {
    Error::usage("--ephemeral hands the kubeconfig over in memory, which only Linux has a way for")
        .hint("write it with --output-file, and end it with unregister-run-cluster")
}

#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux can hand a kubeconfig over in memory"))]
fn started(command: &[std::ffi::OsString], kubeconfig: &Path) -> Result<Child> {
    let [program, arguments @ ..] = command else { return Err(Error::usage("there is no command after `--`")) };
    let mut started = Command::new(program);
    started.args(arguments).env("KUBECONFIG", kubeconfig);
    started.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
    started.spawn().map_err(|error| {
        Error::usage(format_args!("the command {} cannot be started: {error}", shown(program)))
            .hint("name a program that is there, after `--`")
    })
}

/// Waits for the command. Ctrl-C reaches it by itself; what else would end this program is passed on as a termination.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux can hand a kubeconfig over in memory"))]
async fn until_it_ends(mut child: Child, mut endings: Endings) -> Result<ExitStatus> {
    let failed = |error: std::io::Error| Error::failed(format_args!("the command cannot be waited for: {error}"));
    loop {
        tokio::select! {
            ended = child.wait() => return ended.map_err(failed),
            from_terminal = endings.next() => {
                #[cfg(target_os = "linux")]
                if !from_terminal && let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
                }
                let _ = from_terminal;
            }
        }
    }
}

/// What would end this program, from before the credential is there: it must be revoked first.
#[cfg(unix)]
struct Endings {
    terminal: [tokio::signal::unix::Signal; 2],
    others: [tokio::signal::unix::Signal; 2],
}

#[cfg(unix)]
impl Endings {
    fn watch() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let unwatched = |error: std::io::Error| Error::failed(format_args!("signals cannot be waited for: {error}"));
        Ok(Self {
            terminal: [
                signal(SignalKind::interrupt()).map_err(unwatched)?,
                signal(SignalKind::quit()).map_err(unwatched)?,
            ],
            others: [
                signal(SignalKind::terminate()).map_err(unwatched)?,
                signal(SignalKind::hangup()).map_err(unwatched)?,
            ],
        })
    }

    /// Waits for the next; did it come from the terminal, which sends it to the command as well?
    async fn next(&mut self) -> bool {
        let ([interrupt, quit], [terminate, hangup]) = (&mut self.terminal, &mut self.others);
        tokio::select! {
            _ = interrupt.recv() => true,
            _ = quit.recv() => true,
            _ = terminate.recv() => false,
            _ = hangup.recv() => false,
        }
    }

    /// Has one come already?
    async fn have_come(&mut self) -> bool {
        tokio::select! {
            biased;
            _ = self.next() => true,
            () = std::future::ready(()) => false,
        }
    }
}

#[cfg(not(unix))]
struct Endings;

#[cfg(not(unix))]
impl Endings {
    fn watch() -> Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> bool {
        let _ = tokio::signal::ctrl_c().await;
        true
    }

    async fn have_come(&mut self) -> bool {
        false
    }
}

/// The command's own end is that of this one.
fn verdict(command: &str, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let code = u8::try_from(128 + signal).unwrap_or(255);
        return Err(Error::new(Kind::Command(code), format_args!("{command} was ended by the signal {signal}")));
    }
    let code = status.code().unwrap_or(1);
    Err(Error::new(Kind::Command(u8::try_from(code).unwrap_or(1)), format_args!("{command} ended with {code}")))
}

/// The program alone: its arguments may hold what nobody should read.
fn named(command: &[std::ffi::OsString]) -> String {
    command.first().map_or_else(String::new, |program| format!("the command {}", shown(program)))
}

fn shown(program: &OsStr) -> String {
    words::shell_word(&program.to_string_lossy())
}
