//! What is to be kept, and how quickly.

use std::time::Duration;

use tapedeck_model::Scaling;

use super::Metric;

/// What a service is scaled by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Bounds and targets, as the config has them.
    pub bounds: Scaling,
    /// How quickly.
    pub tempo: Tempo,
}

impl Policy {
    /// Per cent of a metric above which tasks are added.
    #[must_use]
    pub fn target(&self, metric: Metric) -> u8 {
        match metric {
            Metric::Cpu => self.bounds.keep_avg_cpu_utilization_under,
            Metric::Memory => self.bounds.keep_avg_memory_utilization_under,
        }
    }
}

/// How quickly a service is scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tempo {
    /// That of one machine, which starts a task in milliseconds.
    Fast(Fast),
    /// That of ECS: alarms on averages of a minute.
    Ecs(Ecs),
}

impl Tempo {
    /// The tempo of one machine.
    #[must_use]
    pub const fn fast() -> Self {
        Self::Fast(Fast {
            low: 0.8,
            safe: 0.95,
            confirmations: 3,
            scale_in_after: Duration::from_secs(120),
            after_out: Duration::from_secs(60),
            between_removals: Duration::from_secs(15),
            hold: Duration::from_secs(10),
        })
    }

    /// The tempo of ECS. Its alarm for scaling in is at 90 % of the target.
    #[must_use]
    pub const fn ecs() -> Self {
        Self::Ecs(Ecs {
            low: 0.9,
            period: Duration::from_secs(60),
            high_periods: 3,
            low_periods: 15,
            cooldown: Duration::from_secs(300),
        })
    }

    /// The same with all waits that much shorter, to rehearse in minutes what takes hours. How soon `fast` adds tasks does
    /// not change: that is seconds already.
    #[must_use]
    pub fn sped_up(self, factor: u32) -> Self {
        let factor = factor.max(1);
        match self {
            Self::Fast(tempo) => Self::Fast(Fast {
                scale_in_after: tempo.scale_in_after / factor,
                after_out: tempo.after_out / factor,
                between_removals: tempo.between_removals / factor,
                ..tempo
            }),
            Self::Ecs(tempo) => Self::Ecs(Ecs {
                period: (tempo.period / factor).max(Duration::from_secs(1)),
                cooldown: tempo.cooldown / factor,
                ..tempo
            }),
        }
    }
}

/// How [`Tempo::fast`] goes about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fast {
    /// Share of the target below which tasks are removed: 20 % below it, as the product says.
    pub low: f64,
    /// Share of the target that tasks may not exceed after a removal.
    pub safe: f64,
    /// Points in a row above the target that it takes to add tasks.
    pub confirmations: usize,
    /// How long everything has to be low before tasks are removed.
    pub scale_in_after: Duration,
    /// How long after adding tasks none is removed.
    pub after_out: Duration,
    /// How long to look at what the removal of tasks did, before more are removed.
    pub between_removals: Duration,
    /// How long tasks that are being started are waited for, before still more are added.
    pub hold: Duration,
}

impl Fast {
    /// How long a new task may burn what it likes: until then it counts as busy as the others are. A runtime that
    /// compiles while it starts would else be taken for load.
    pub const WARM_UP: Duration = Duration::from_secs(5);

    /// A task that has not come up for this long is not counted on.
    pub const STUCK_AFTER: Duration = Duration::from_secs(30);
}

/// How [`Tempo::ecs`] goes about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ecs {
    /// Share of the target below which tasks are removed.
    pub low: f64,
    /// Over what an average is taken.
    pub period: Duration,
    /// Averages in a row above the target that it takes to add tasks.
    pub high_periods: usize,
    /// Averages in a row below the lower threshold that it takes to remove tasks.
    pub low_periods: usize,
    /// How long after adding tasks only a larger addition counts, and after removing tasks none is removed.
    pub cooldown: Duration,
}
