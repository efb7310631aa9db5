//! How long is waited.

use super::*;

#[test]
fn pauses_differ_by_chance_and_are_as_long_as_the_registry_asks() {
    let of = |asked, chance| pause(Duration::from_millis(100), asked, chance).as_millis();
    assert_eq!((of(None, 0.0), of(None, 1.0)), (50, 150));
    assert_eq!((of(Some(3), 0.0), of(Some(3), 1.0)), (3000, 3100));
    // Not for an hour.
    assert_eq!(of(Some(3600), 0.0), 20_000);
}
