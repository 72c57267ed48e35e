//! The page that is printed: the figures, each beside its goal. Nothing fails when one is missed.

use std::time::Duration;

use super::{
    dead::{self, Burdened},
    fleet::Step,
    ground::DISTANCE,
    measured::Measured,
    scripts::{self, Scripts},
    traffic::Traffic,
};

/// How long registering a fleet of a size should take at the longest.
const TIME_GOALS: [(usize, Duration); 3] =
    [(200, Duration::from_secs(5)), (500, Duration::from_secs(10)), (3_500, Duration::from_secs(60))];
/// The most memory that a fleet of a size should need, in bytes.
const MEMORY_GOAL: (usize, u64) = (500, 150_000_000);
/// The most requests that one API server should have to answer at one time.
const IN_FLIGHT_GOAL: usize = 16;
/// By how much dead run clusters may delay the others.
const DELAY_GOAL: f64 = 0.10;

/// One measurement.
pub struct Row {
    /// How many run clusters.
    pub size: usize,
    /// What was done.
    pub step: Step,
    /// What it took.
    pub measured: Measured,
}

/// Everything that was measured.
pub struct Page {
    /// The machine and the versions.
    pub machine: String,
    /// By size, then by step.
    pub rows: Vec<Row>,
    /// What is asked of the build cluster.
    pub traffic: Vec<(Step, Traffic)>,
    /// Beside dead run clusters.
    pub burdened: Vec<Burdened>,
    /// The opponents.
    pub scripts: Scripts,
}

impl Page {
    /// The page as Markdown, to be read as text too.
    pub fn render(&self) -> String {
        let (round_trip, server_time) = (DISTANCE.round_trip.as_millis(), DISTANCE.server_time.as_millis());
        let mut text = format!(
            "Fleets of simulated run clusters beside one real build cluster\n\n{}\n\
             every cluster {round_trip} ms away; a simulated one takes {server_time} ms for a request, the real one its own \
             time; each figure is of one run\n\n",
            self.machine
        );
        text += "### Time, memory and requests\n\n";
        text += &table(
            &["run clusters", "command", "time", "each", "processor", "memory", "requests each", "in flight"],
            self.rows.iter().map(cells),
        );
        text += "\n### How it grows: time and memory of each size, over those of the smallest\n\n";
        text += &self.growth();
        text += "\n### Requests to the build cluster (a fleet of 50)\n\n";
        let asked = self.traffic.iter().map(|(step, traffic)| {
            vec![step.label().to_owned(), traffic.requests.to_string(), in_flight(traffic.most_in_flight)]
        });
        text += &table(&["command", "requests", "in flight"], asked);
        text += &format!(
            "\n### {} run clusters, {} of them dead: what is sent to them is lost\n\n",
            dead::FLEET,
            dead::FLEET / dead::ONE_IN
        );
        text += &table(
            &["command", "P95 without", "P95 with", "the others done, without", "with", "the command, without", "with"],
            self.burdened.iter().map(burden),
        );
        text += "\nP95: from the start of the command until 95 % of the healthy run clusters were done with.\n";
        text += &self.beside_scripts();
        text
    }

    fn growth(&self) -> String {
        let sizes: Vec<usize> = self.rows.iter().filter(|row| row.step == Step::ALL[0]).map(|row| row.size).collect();
        let Some(smallest) = sizes.first() else { return String::new() };
        let of = |size: usize, step: Step| self.rows.iter().find(|row| row.size == size && row.step == step);
        let line = |step: Step| {
            let grown = sizes.iter().map(|size| {
                let pair = of(*size, step).zip(of(*smallest, step));
                pair.map_or_else(String::new, |(row, first)| {
                    let time = row.measured.time.as_secs_f64() / first.measured.time.as_secs_f64();
                    let memory = first.measured.memory.zip(row.measured.memory);
                    let memory =
                        memory.map_or_else(String::new, |(a, b)| format!(", {:.1}×", megabytes(b) / megabytes(a)));
                    format!("{time:.1}×{memory}")
                })
            });
            std::iter::once(step.label().to_owned()).chain(grown).collect()
        };
        let header: Vec<String> =
            std::iter::once("command".to_owned()).chain(sizes.iter().map(ToString::to_string)).collect();
        table(&header.iter().map(String::as_str).collect::<Vec<_>>(), Step::ALL.into_iter().map(line))
    }

    fn beside_scripts(&self) -> String {
        let Scripts { sequential, parallel } = self.scripts;
        let title = format!("\n### Registering {} run clusters\n\n", scripts::FLEET);
        let plugin = self.rows.iter().find(|row| row.size == scripts::FLEET && row.step == Step::Register);
        let Some(plugin) = plugin.map(|row| row.measured.time) else {
            return format!("{title}no fleet of that size was measured\n");
        };
        let row = |who: String, time: Duration| {
            vec![who, seconds(time), format!("{:.1}×", time.as_secs_f64() / plugin.as_secs_f64())]
        };
        title
            + &table(
                &["who", "time", "over the plugin's"],
                [
                    row("script.sh, one after the other".to_owned(), sequential),
                    row(format!("script.sh, {} at a time", scripts::AT_A_TIME), parallel),
                    row("the plugin".to_owned(), plugin),
                ]
                .into_iter(),
            )
    }
}

fn cells(Row { size, step, measured }: &Row) -> Vec<String> {
    let goal = TIME_GOALS.iter().find(|(goal, _)| goal == size && *step == Step::Register);
    let time = seconds(measured.time);
    let time = match goal {
        Some((_, goal)) => with_goal(&time, measured.time <= *goal, &format!("≤ {} s", goal.as_secs())),
        None => time,
    };
    let memory = measured.memory.map_or_else(String::new, |bytes| {
        let text = format!("{:.0} MB", megabytes(bytes));
        if *size == MEMORY_GOAL.0 { with_goal(&text, bytes <= MEMORY_GOAL.1, "≤ 150 MB") } else { text }
    });
    vec![
        size.to_string(),
        step.label().to_owned(),
        time,
        format!("{:.1} ms", measured.time.as_secs_f64() * 1e3 / number(*size)),
        measured.processor.map_or_else(String::new, seconds),
        memory,
        format!("{:.1}", number(measured.requests) / number(*size)),
        in_flight(measured.most_in_flight),
    ]
}

fn burden(Burdened { step, without, with }: &Burdened) -> Vec<String> {
    let compared = |with: Duration, without: Duration| {
        let more = with.as_secs_f64() / without.as_secs_f64() - 1.0;
        with_goal(&format!("{} ({:+.0} %)", seconds(with), more * 100.0), more <= DELAY_GOAL, "≤ 10 %")
    };
    vec![
        step.label().to_owned(),
        seconds(without.p95()),
        compared(with.p95(), without.p95()),
        seconds(without.last()),
        compared(with.last(), without.last()),
        seconds(without.time),
        seconds(with.time),
    ]
}

/// A table of Markdown whose columns are aligned.
fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.collect();
    let all: Vec<&Vec<String>> = std::iter::once(&header).chain(&rows).collect();
    let width = |column: usize| all.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..header.len()).map(|column| width(column).unwrap_or_default()).collect();
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!(" {cell:<width$} |"));
        format!("|{}\n", cells.collect::<String>())
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&header) + &line(&rule) + &rows.iter().map(|row| line(row)).collect::<String>()
}

fn in_flight(most: usize) -> String {
    with_goal(&most.to_string(), most <= IN_FLIGHT_GOAL, "≤ 16")
}

fn with_goal(figure: &str, reached: bool, goal: &str) -> String {
    if reached { figure.to_owned() } else { format!("{figure} (goal {goal} MISSED)") }
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "the same")]
fn number(count: usize) -> f64 {
    count as f64
}
