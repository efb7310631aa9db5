//! When instances are replaced because they have become old: every Sunday at 03:00 UTC.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tapedeck_model::Timestamp;

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The first Sunday of the epoch, which began on a Thursday, at 03:00 UTC.
const FIRST: Timestamp = Timestamp::from_millis((3 * 24 + 3) * 60 * 60 * 1000);

/// What is remembered of refreshes of the instances of one service.
///
/// It lives on the machine's own clock, which may jump and stand still, not on the engine's: Sundays are the machine's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refresh {
    /// When the last one began, or else the first instance was launched.
    last: Option<Timestamp>,
    /// Whether one is due that could not begin yet.
    #[serde(default)]
    is_owed: bool,
    /// When the one began that is under way, on the clock that instances are launched by.
    began: Option<Timestamp>,
    /// When this was last looked at by the engine that runs.
    #[serde(skip)]
    seen: Option<Timestamp>,
}

impl Refresh {
    /// The record after a look at the machine's clock, `wall`. A refresh that is due begins unless `is_deploying`; what is
    /// younger than `now` then is fresh.
    #[must_use]
    pub fn after(&self, wall: Timestamp, now: Timestamp, is_deploying: bool) -> Self {
        let mut after = self.clone();
        after.seen = Some(wall);
        let Some(last) = self.last else {
            after.last = Some(wall);
            return after;
        };
        let sunday = latest(wall);
        after.is_owed |= match self.seen {
            Some(seen) => seen < sunday && last < sunday,
            // Nobody looked for a while, perhaps on a Sunday.
            None => wall.since(last) > WEEK,
        };
        if after.is_owed && after.began.is_none() && !is_deploying {
            after.is_owed = false;
            after.began = Some(now);
            after.last = Some(wall);
        }
        after
    }

    /// The record after the refresh that was under way has come to its end.
    #[must_use]
    pub fn ended(&self) -> Self {
        Self {
            began: None,
            ..self.clone()
        }
    }

    /// When the refresh began that is under way: what was launched before has to go.
    #[must_use]
    pub fn began(&self) -> Option<Timestamp> {
        self.began
    }

    /// Whether one is due that waits for the end of a deployment.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        self.is_owed
    }

    /// Whether something differs that has to be kept.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> bool {
        (self.last, self.is_owed, self.began) != (other.last, other.is_owed, other.began)
    }
}

/// The latest Sunday, 03:00 UTC, that is not after this.
fn latest(wall: Timestamp) -> Timestamp {
    let into_week = wall.since(FIRST).as_millis() % WEEK.as_millis();
    wall - Duration::from_millis(u64::try_from(into_week).unwrap_or_default())
}
