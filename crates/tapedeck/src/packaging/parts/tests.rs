//! Tests of the names that containers are remembered by.

use std::collections::BTreeSet;

use super::name_of;

#[test]
fn a_side_container_has_a_name_that_nothing_else_has() {
    let mut taken = BTreeSet::from(["mailer".to_owned(), "mailerMigrate".to_owned()]);
    let name = |side: &str, taken: &mut BTreeSet<String>| name_of("mailer", side, taken).to_string();
    assert_eq!(name("migrate", &mut taken), "mailerMigrate2");
    assert_eq!(name("metrics-agent", &mut taken), "mailerMetricsAgent");
    let long = "a".repeat(255);
    let first = name(&long, &mut taken);
    let second = name(&long, &mut taken);
    assert_eq!((first.len(), second.len()), (64, 64));
    assert!(second.ends_with('2') && first != second);
}
