//! Which pairs of cpu and memory Fargate offers. Source: ECS task definition parameters, "Task size".

/// The memory sizes of one CPU size, all in MiB: from `min` to `max` in steps of `step`.
struct Offer {
    /// Thousandths of a vCPU.
    millis: u32,
    min: u32,
    max: u32,
    step: u32,
}

/// Thousandths of a vCPU; least, greatest and step of the memory in MiB.
const OFFERS: [Offer; 8] = [
    offer(250, 512, 1024, 512),
    offer(250, 2048, 2048, 1024),
    offer(500, 1024, 4096, 1024),
    offer(1_000, 2048, 8192, 1024),
    offer(2_000, 4096, 16_384, 1024),
    offer(4_000, 8192, 30_720, 1024),
    offer(8_000, 16_384, 61_440, 4096),
    offer(16_000, 32_768, 122_880, 8192),
];

const fn offer(millis: u32, min: u32, max: u32, step: u32) -> Offer {
    Offer {
        millis,
        min,
        max,
        step,
    }
}

impl Offer {
    fn sizes(&self) -> impl Iterator<Item = u32> {
        (self.min..=self.max).step_by(self.step as usize)
    }
}

/// Whether Fargate offers the pair.
pub(crate) fn is_offered(millis: u32, mebibytes: u32) -> bool {
    OFFERS
        .iter()
        .filter(|offer| offer.millis == millis)
        .any(|offer| offer.sizes().any(|size| size == mebibytes))
}

/// The pairs nearest to one that is not offered, as people write them: the same CPU with the next greater memory (or
/// the greatest), and the nearest CPU that has just this memory, if any has.
pub(crate) fn nearest(millis: u32, mebibytes: u32) -> Vec<String> {
    let of_cpu = || {
        OFFERS
            .iter()
            .filter(|offer| offer.millis == millis)
            .flat_map(Offer::sizes)
    };
    let same_cpu = of_cpu()
        .find(|size| *size >= mebibytes)
        .or_else(|| of_cpu().max());
    let same_memory = OFFERS
        .iter()
        .filter(|offer| offer.sizes().any(|size| size == mebibytes))
        .min_by_key(|offer| offer.millis.abs_diff(millis));
    let pairs = same_cpu
        .map(|size| (millis, size))
        .into_iter()
        .chain(same_memory.map(|one| (one.millis, mebibytes)));
    pairs.map(|(millis, size)| shown(millis, size)).collect()
}

/// A pair as people write it.
pub(crate) fn shown(millis: u32, mebibytes: u32) -> String {
    format!("{} vCPU with {mebibytes} MiB", f64::from(millis) / 1000.0)
}
