//! The page that is printed: the figures, each beside its goal. Nothing fails when one is missed.

use std::time::Duration;

use super::{
    contestant::{Contestant, Job},
    cost::{Cost, Traffic},
    fleet_delivery::{FLEET, FleetDelivery},
    race::Race,
    upkeep::{MANY, Upkeep},
};

/// By how much the plugin should beat `script.sh`, by distance.
const GOALS: [(Job, [(u128, f64); 4]); 2] = [
    (Job::First, [(0, 15.0), (20, 6.0), (50, 5.0), (100, 4.6)]),
    (Job::Repeated, [(0, 15.0), (20, 6.5), (50, 5.5), (100, 5.1)]),
];
/// The most memory that the plugin should need.
const MEMORY_GOAL: u64 = 20_000_000;
/// The longest that the plugin should take to start.
const START_GOAL: Duration = Duration::from_millis(5);
/// The most round trips that a rotation should take.
const ROTATION_GOAL: f64 = 6.0;
/// The longest that a status of [`MANY`] registrations should take, and its requests.
const STATUS_GOAL: (Duration, usize) = (Duration::from_millis(500), 2);
/// The longest that planning a delivery to [`FLEET`] run clusters should take, and the most requests that
/// each of them should add to a delivery.
const DELIVERY_GOAL: (Duration, f64) = (Duration::from_secs(1), 4.0);
/// The largest that the plugin should be.
const SIZE_GOAL: u64 = 10_000_000;

/// Everything that was measured.
pub struct Page {
    /// The machine and the versions.
    pub machine: String,
    /// Turns for each figure.
    pub turns: usize,
    /// The times by distance.
    pub races: Vec<Race>,
    /// What a registration costs later.
    pub upkeep: Upkeep,
    /// What a delivery to many costs.
    pub delivery: FleetDelivery,
    /// What each contestant needs, in the order of [`Contestant::ALL`].
    pub costs: Vec<Cost>,
    /// How long the plugin and kubectl take to say their version.
    pub start: [Duration; 2],
    /// The size of the plugin and of kubectl.
    pub size: [u64; 2],
}

impl Page {
    /// The page as text.
    pub fn render(&self) -> String {
        let mut text = format!(
            "kubectl tapmc register-run-cluster beside kubectl scripts\n\n{}\n\
             medians of {} turns on the same two control planes; 'faster' is the median over the turns, with the least and \
             the greatest\n",
            self.machine, self.turns
        );
        for (job, goals) in GOALS {
            let title = match job {
                Job::First => "FIRST REGISTRATION",
                Job::Repeated => "THE SAME AGAIN, WITH --rotate",
            };
            text += &format!("\n{title}\n");
            text +=
                "  round trip │    plugin │  script.sh   faster                  goal         │ shortest.sh  faster\n";
            for race in &self.races {
                let goal = goals.iter().find(|(distance, _)| *distance == race.round_trip.as_millis());
                text += &times(race, job, goal.map(|(_, goal)| *goal));
            }
        }
        text += "\nWHAT A REGISTRATION NEEDS\n";
        text += &row("", Contestant::ALL.map(label));
        text += &self.needs();
        text += &self.later();
        text += &self.delivered();
        text += &format!(
            "\nSTART-UP (version) AND SIZE\n  kubectl-tapmc {}, {}; kubectl {}, {:.1} MB\n",
            with_goal(&milliseconds(self.start[0]), self.start[0] <= START_GOAL, "≤ 5 ms"),
            with_goal(&format!("{:.1} MB", megabytes(self.size[0])), self.size[0] <= SIZE_GOAL, "≤ 10 MB"),
            milliseconds(self.start[1]),
            megabytes(self.size[1]),
        );
        text
    }

    fn later(&self) -> String {
        let Upkeep { rotation, round_trip, status, requests } = &self.upkeep;
        let trips = self.upkeep.round_trips();
        // Less than half a round trip is the measurement's own.
        let rotation_reached = trips < ROTATION_GOAL + 0.5;
        format!(
            "\nLATER\n  rotate-token {} here, {} at {} ms a round trip: {}\n  \
             status of {MANY} registrations {}, {}; kubectl get secrets {}\n",
            milliseconds(rotation[0]),
            milliseconds(rotation[1]),
            round_trip.as_millis(),
            with_goal(&format!("{trips:.1} round trips"), rotation_reached, "≤ 6"),
            with_goal(&milliseconds(status[0]), status[0] <= STATUS_GOAL.0, "≤ 500 ms"),
            with_goal(&format!("{requests} requests"), *requests <= STATUS_GOAL.1, "≤ 2"),
            milliseconds(status[1]),
        )
    }

    fn delivered(&self) -> String {
        let FleetDelivery { plan, requests } = self.delivery;
        format!(
            "  deliver flux to {FLEET} run clusters: planned in {}, {} for each of them\n",
            with_goal(&milliseconds(plan), plan <= DELIVERY_GOAL.0, "≤ 1 s"),
            with_goal(&format!("{requests:.1} requests"), requests <= DELIVERY_GOAL.1, "≤ 4"),
        )
    }

    fn needs(&self) -> String {
        let cells = |cell: fn(&Cost) -> String| [0, 1, 2].map(|index| cell(&self.costs[index]));
        let traffic = |cell: fn(&Traffic) -> usize| {
            [0, 1, 2].map(|index| {
                let cost: &Cost = &self.costs[index];
                format!("{} / {}", cell(&cost.first), cell(&cost.repeated))
            })
        };
        let unknown = || "unknown".to_owned();
        let plugin = &self.costs[Contestant::Plugin as usize];
        let mut memory = [0, 1, 2]
            .map(|index| self.costs[index].memory.map_or_else(unknown, |bytes| format!("{:.1} MB", megabytes(bytes))));
        if let Some(bytes) = plugin.memory {
            memory[2] = with_goal(&memory[2], bytes <= MEMORY_GOAL, "≤ 20 MB");
        }
        let mut discovery = traffic(|traffic| traffic.discovery);
        discovery[2] = with_goal(&discovery[2], plugin.first.discovery + plugin.repeated.discovery == 0, "0");
        [
            row("processes, first / again", traffic(|traffic| traffic.processes)),
            row("requests, first / again", traffic(|traffic| traffic.requests)),
            row("  of them discovery", discovery),
            row("TCP connections, first / again", traffic(|traffic| traffic.connections)),
            row("round trips, first / again", Contestant::ALL.map(|contestant| self.round_trips(contestant))),
            row("processor time", cells(|cost| cost.processor.map_or_else(|| "unknown".to_owned(), milliseconds))),
            row("peak memory, largest process", memory),
        ]
        .concat()
    }

    /// Round trips on the critical path: what the greatest distance adds to the time without one.
    fn round_trips(&self, contestant: Contestant) -> String {
        let [near, .., far] = self.races.as_slice() else { return "unknown".to_owned() };
        let trips = |job| {
            let added = far.median(job, contestant).saturating_sub(near.median(job, contestant));
            added.as_secs_f64() / far.round_trip.as_secs_f64()
        };
        format!("{:.1} / {:.1}", trips(Job::First), trips(Job::Repeated))
    }
}

fn times(race: &Race, job: Job, goal: Option<f64>) -> String {
    let faster = |other| {
        let [least, median, greatest] = race.ratios(job, other);
        (median, format!("{median:>5.1}× ({least:.1}–{greatest:.1})"))
    };
    let (ratio, script) = faster(Contestant::Script);
    let goal = goal
        .map_or_else(String::new, |goal| format!("≥ {goal}×, {}", if ratio >= goal { "reached" } else { "MISSED" }));
    let time = |contestant| milliseconds(race.median(job, contestant));
    format!(
        "  {:>7} ms │ {:>9} │ {:>10}  {script:<21} {goal:<16} │ {:>10}  {}\n",
        race.round_trip.as_millis(),
        time(Contestant::Plugin),
        time(Contestant::Script),
        time(Contestant::Shortest),
        faster(Contestant::Shortest).1,
    )
}

fn label(contestant: Contestant) -> String {
    match contestant {
        Contestant::Plugin => "plugin".to_owned(),
        script => format!("{}.sh", script.stem()),
    }
}

fn row(what: &str, [script, shortest, plugin]: [String; 3]) -> String {
    format!("  {what:<32} {script:>12} {shortest:>12}   {plugin}\n")
}

fn with_goal(figure: &str, reached: bool, goal: &str) -> String {
    format!("{figure} (goal {goal}: {})", if reached { "reached" } else { "MISSED" })
}

fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    if milliseconds < 100.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
