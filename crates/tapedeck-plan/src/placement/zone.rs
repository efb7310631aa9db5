//! Spreading over availability zones.

use tapedeck_model::Zone;

/// The zone that the fewest are in, the first of several alike.
#[must_use]
pub fn poorest(taken: impl IntoIterator<Item = Zone>) -> Zone {
    let mut counts = Zone::ALL.map(|zone| (0_usize, zone));
    for zone in taken {
        for (count, counted) in &mut counts {
            *count += usize::from(*counted == zone);
        }
    }
    counts.into_iter().min().map_or(Zone::A, |(_, zone)| zone)
}
