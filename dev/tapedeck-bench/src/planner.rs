//! What it costs to decide: for all services of a large machine at once, and for one of them that changed. No peer has
//! anything of the kind that could be asked without its daemon.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Duration;

use tapedeck_model::{Revision, Task, TaskId, TaskState, Timestamp};
use tapedeck_plan::{Bounds, Breaker, Desired, Pace, Stage, decide};

use crate::command::timed;
use crate::report::{Report, progress};
use crate::samples::Samples;

const SERVICES: u32 = 10_000;
const TASKS: u32 = 10;

/// When everything is decided: all tasks have been running for an hour.
const NOW: Timestamp = Timestamp::from_millis(10_000_000_000);
const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn measure(rounds: usize, report: &mut Report) -> anyhow::Result<()> {
    progress(&format!("planning {SERVICES} services, {rounds} rounds"));
    let steady: Vec<Service> = (0..SERVICES).map(|number| Service::new(number, 1)).collect();
    let changed: Vec<Service> = (0..SERVICES).map(|number| Service::new(number, 2)).collect();
    let mut rows = [
        format!("{SERVICES} services × {TASKS} tasks, all steady"),
        format!("{SERVICES} services × {TASKS} tasks, all with a new revision"),
    ]
    .map(Samples::new);
    let mut single = Samples::new("one changed service among them");
    for round in 0..rounds {
        rows[0].add(timed(|| decide_all(&steady))?);
        rows[1].add(timed(|| decide_all(&changed))?);
        let one = &changed[round % changed.len()..][..1];
        single.add(1000.0 * timed(|| decide_all(one))?);
    }
    let slowest = rows[0].median().max(rows[1].median());
    report.at_most("planner: all services planned anew, p50", slowest, 1000.0, "ms");
    report.table("Deciding what to do, for all services", "ms", &rows);
    report.table("Deciding what to do, for one service", "µs", &[single]);
    Ok(())
}

/// One service and what is known of it.
struct Service {
    desired: Desired,
    tasks: Vec<Task>,
}

impl Service {
    /// A service whose tasks all run revision 1.
    fn new(number: u32, desired: u64) -> Self {
        let fallback = (desired > 1).then_some(Revision(1));
        let tasks = (0..TASKS).map(|task| {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&number.to_be_bytes());
            id[4..8].copy_from_slice(&task.to_be_bytes());
            Task {
                id: TaskId::from_bytes(id),
                revision: Revision(1),
                address: Ipv4Addr::LOCALHOST,
                created: NOW - HOUR,
                state: TaskState::Running {
                    started: NOW - HOUR,
                    pid: task + 1,
                },
                protected_until: None,
                job: None,
                containers: Vec::new(),
                placement: None,
                health: None,
            }
        });
        Self {
            desired: Desired {
                revision: Revision(desired),
                count: TASKS,
                attended: false,
                grown: 0,
                bounds: Bounds::default(),
                breaker: Breaker::default(),
                stage: Stage::UnderWay { fallback },
                pace: Pace::fast(),
            },
            tasks: tasks.collect(),
        }
    }
}

fn decide_all(services: &[Service]) -> anyhow::Result<()> {
    for service in services {
        let plan = decide(&service.desired, &service.tasks, NOW);
        let _ = black_box(plan);
    }
    Ok(())
}
