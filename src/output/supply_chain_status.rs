//! The report of `supply-chain-status` as people read it: a table for what is paused, one for the
//! chains, one for the Workloads; below a line what is wrong with it.

use console::{Style, style};

use super::{
    Printer,
    human::warnings,
    redact::{clean, clean_but_colour},
    rows::{Cell, Row, one_line, render, shortened},
};
use crate::{
    cli::output::OutputFormat,
    error::Result,
    report::supply_chain_status::{
        ChainStatus, OwnerStatus, PauseState, PausedStatus, Selection, Severity, StampedState, StampedStatus,
        SupplyChainStatus, WorkloadStatus,
    },
    supply_chain::conditions::Condition,
    words,
};

impl Printer {
    /// Prints the report of `supply-chain-status`, and below it what the operator should know.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn supply_chain_status(self, report: &SupplyChainStatus) -> Result<()> {
        match self.format {
            OutputFormat::Human | OutputFormat::Wide => {
                let text = tables(report, self.format == OutputFormat::Wide);
                if text.is_empty() {
                    self.say("nothing is paused, and no chains and no Workloads were found");
                }
                Self::write(&clean_but_colour(&text))?;
            }
            OutputFormat::Name => Self::result(&names(report))?,
            OutputFormat::Json | OutputFormat::Yaml => self.document(report)?,
        }
        self.say(&below(report));
        Ok(())
    }
}

/// The tables; empty where there is nothing.
fn tables(report: &SupplyChainStatus, wide: bool) -> String {
    let sections = [paused(report, wide), chains(report, wide), workloads(report, wide)];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

/// What stands below the tables, on stderr.
fn below(report: &SupplyChainStatus) -> String {
    let note = |note: &String| format!("{} {}\n", style("note:").for_stderr().cyan(), clean(note));
    warnings(&report.warnings) + &report.notes.iter().map(note).collect::<String>()
}

/// The names of chains and Workloads.
fn names(report: &SupplyChainStatus) -> String {
    let chains = report.chains.iter().map(|chain| format!("clustersupplychain.carto.run/{}\n", chain.name));
    chains.chain(report.workloads.iter().map(|one| format!("workload.carto.run/{}\n", one.name))).collect()
}

fn paused(report: &SupplyChainStatus, wide: bool) -> String {
    let mut headers = vec!["NAMESPACE", "PAUSED", "STATE", "SINCE", "BY", "REASON"];
    if wide {
        headers.extend(["TIME", "OWNER"]);
    }
    let row = |one: &PausedStatus| {
        let since = one.since_seconds.map(|seconds| format!("{} ago", words::duration(seconds)));
        let mut cells = vec![
            Cell::or_dash(one.object.namespace.as_deref()),
            Cell::plain(&one.object.short()),
            state(one),
            Cell::or_dash(since.as_deref()),
            Cell::plain(&who(one)),
            Cell::or_dash(one.reason.as_deref()),
        ];
        if wide {
            cells
                .extend([Cell::or_dash(one.since.as_deref()), Cell::or_dash(one.owner.as_ref().map(owner).as_deref())]);
        }
        Row { cells, below: Vec::new() }
    };
    render(&headers, &report.paused.iter().map(row).collect::<Vec<_>>())
}

fn state(one: &PausedStatus) -> Cell {
    let is_kept = one.owner.as_ref().is_none_or(|owner| owner.paused);
    match one.state {
        PauseState::Lifted => Cell::styled("lifted", Style::new().red()),
        PauseState::Gone => Cell::styled("gone", Style::new().red()),
        _ if !is_kept => Cell::styled("paused, its owner is not", Style::new().red()),
        PauseState::Unseen => Cell::styled("not seen by its controller", Style::new().yellow()),
        PauseState::Deploying => Cell::styled("a deploy still runs", Style::new().yellow()),
        PauseState::Accepted => Cell::styled("accepted", Style::new().yellow()),
        PauseState::Paused => Cell::styled("paused", Style::new().yellow()),
    }
}

fn who(one: &PausedStatus) -> String {
    match (&one.by, &one.manager) {
        (Some(by), _) => by.clone(),
        (None, Some(manager)) => format!("somebody else, by {manager}"),
        (None, None) => "somebody else".to_owned(),
    }
}

fn owner(owner: &OwnerStatus) -> String {
    format!("{}{}", owner.object.short(), if owner.paused { " (paused)" } else { "" })
}

fn chains(report: &SupplyChainStatus, wide: bool) -> String {
    let has_owners = report.chains.iter().any(|chain| chain.owner.is_some());
    let mut headers = vec!["CHAIN", "READY", "REASON", "WORKLOADS", "SELECTOR"];
    if has_owners {
        headers.push("OWNER");
    }
    let row = |chain: &ChainStatus| {
        let mut cells = vec![
            Cell::plain(&chain.name),
            ready(&chain.ready, chain.severity),
            Cell::or_dash(Some(&chain.reason)),
            Cell::plain(&chain.workloads.to_string()),
            Cell::or_dash(Some(&chain.selector)),
        ];
        if has_owners {
            cells.push(Cell::or_dash(chain.owner.as_ref().map(owner).as_deref()));
        }
        let mut below: Vec<String> = Vec::new();
        if !chain.missing_templates.is_empty() {
            below.push(format!("missing templates: {}", words::list(chain.missing_templates.iter().cloned())));
        }
        if chain.severity != Severity::Healthy && (chain.missing_templates.is_empty() || wide) {
            below.push(shortened(&chain.message, wide));
        }
        Row::with(cells, &below)
    };
    render(&headers, &report.chains.iter().map(row).collect::<Vec<_>>())
}

fn workloads(report: &SupplyChainStatus, wide: bool) -> String {
    let mut headers = vec!["NAMESPACE", "WORKLOAD", "CHAIN", "READY", "REASON"];
    if wide {
        headers.push("LABELS");
    }
    let shown = |one: &WorkloadStatus| -> Vec<StampedStatus> {
        one.stamped.iter().filter(|stamped| wide || is_trouble(stamped)).cloned().collect()
    };
    let steps: Vec<Vec<StampedStatus>> = report.workloads.iter().map(shown).collect();
    let widths = [0, 1, 2].map(|column| {
        let cells = steps.iter().flatten().map(|stamped| stamped_cells(stamped, wide)[column].chars().count());
        cells.max().unwrap_or_default()
    });
    let row = |(one, steps): (&WorkloadStatus, &Vec<StampedStatus>)| {
        let chain = match (one.selection, &one.followed) {
            (Selection::Unknown, followed) => followed.clone(),
            _ => Some(one.chains.join(",")),
        };
        let mut cells = vec![
            Cell::plain(&one.namespace),
            Cell::plain(&one.name),
            Cell::or_dash(chain.as_deref()),
            ready(&one.ready, one.severity),
            Cell::or_dash(Some(&one.reason)),
        ];
        if wide {
            cells.push(Cell::or_dash(Some(&labels(one))));
        }
        let mut row = Row::with(cells, &selection(one).into_iter().collect::<Vec<_>>());
        row.below.extend(steps.iter().map(|stamped| step(stamped, widths, wide)));
        if one.ready != "True" && (row.below.is_empty() || wide) {
            row = row.and(&[shortened(&one.message, wide)]);
        }
        row
    };
    render(&headers, &report.workloads.iter().zip(&steps).map(row).collect::<Vec<_>>())
}

/// What is wrong with what a Workload selects.
fn selection(one: &WorkloadStatus) -> Option<String> {
    let closest = one.closest.as_ref().map_or_else(String::new, |closest| {
        format!("; closest is '{}', which also wants {}", closest.name, words::list(closest.lacks.iter().cloned()))
    });
    match (one.selection, &one.followed) {
        (Selection::Unlabelled, _) => Some(format!("has no labels, by which it could match a chain{closest}")),
        (Selection::None, _) => Some(format!("matches no chain by its labels {}{closest}", labels(one))),
        (Selection::Several, _) => {
            let chains = words::list(one.chains.iter().map(|name| format!("'{name}'")));
            Some(format!("matches {chains} equally well: Cartographer follows none of them"))
        }
        (Selection::One, Some(followed)) if one.chains != [followed.as_str()] => {
            Some(format!("its controller still follows the chain '{followed}'"))
        }
        (Selection::One | Selection::Unknown, _) => None,
    }
}

fn labels(one: &WorkloadStatus) -> String {
    one.labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

fn is_trouble(stamped: &StampedStatus) -> bool {
    !matches!(stamped.state, StampedState::Healthy | StampedState::Silent)
}

/// Step, object, what is known, why.
fn stamped_cells(stamped: &StampedStatus, wide: bool) -> [String; 4] {
    let named = |condition: &Condition| format!("{}={} {}", condition.type_, condition.status, condition.reason);
    let said = match (&stamped.condition, stamped.state) {
        (Some(condition), _) => named(condition).trim_end().to_owned(),
        (None, StampedState::Unstamped) => "nothing stamped yet".to_owned(),
        (None, StampedState::Silent) => "exists".to_owned(),
        (None, _) => one_line(stamped.note.as_deref().unwrap_or("-")),
    };
    let message = stamped.condition.as_ref().map_or_else(String::new, |condition| shortened(&condition.message, wide));
    let object = stamped.object.as_ref().map_or("-".to_owned(), |object| one_line(&object.short()));
    [one_line(&stamped.step), object, one_line(&said), message]
}

fn step(stamped: &StampedStatus, widths: [usize; 3], wide: bool) -> String {
    let [name, object, said, message] = stamped_cells(stamped, wide);
    let colour = match stamped.state {
        StampedState::Failed | StampedState::Gone => Style::new().red(),
        StampedState::Unstamped | StampedState::Unknown | StampedState::Hidden | StampedState::Unread => {
            Style::new().yellow()
        }
        StampedState::Silent | StampedState::Healthy => Style::new().green(),
    };
    let padding = if message.is_empty() { 0 } else { widths[2] };
    let said = colour.apply_to(format!("{said:<padding$}"));
    let line = format!("{name:<0$}   {object:<1$}   {said}   {message}", widths[0], widths[1]);
    line.trim_end().to_owned()
}

fn ready(status: &str, severity: Severity) -> Cell {
    let style = match (status, severity) {
        ("True", Severity::Healthy) => Style::new().green(),
        ("False", _) => Style::new().red(),
        _ => Style::new().yellow(),
    };
    Cell::styled(status, style)
}
