//! When a burst is acted on.

use super::*;

fn changed(path: &str) -> Changes {
    Changes {
        paths: BTreeSet::from([PathBuf::from(path)]),
        ..Changes::default()
    }
}

fn after(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn a_single_save_waits_for_a_moment_of_quiet_only() {
    let began = Instant::now();
    let burst = Burst::add(None, changed("a"), began);
    assert_eq!(burst.due(), began + QUIET);
}

#[test]
fn each_change_extends_it_up_to_a_limit() {
    let began = Instant::now();
    let mut burst = Burst::add(None, changed("a"), began);
    burst = Burst::add(Some(burst), changed("b"), began + after(1));
    assert_eq!(burst.due(), began + after(1) + QUIET);
    for later in 2..60 {
        burst = Burst::add(Some(burst), changed("c"), began + after(later));
    }
    assert_eq!(burst.due(), began + LONGEST);
    let (changes, first) = burst.into_changes();
    assert_eq!(first, began);
    assert_eq!(changes.paths.len(), 3);
}

#[test]
fn what_a_person_asks_for_is_done_at_once_together_with_what_came_before() {
    let began = Instant::now();
    let config = Changes {
        config: true,
        ..changed("a")
    };
    let restart = Changes {
        restart: true,
        ..Changes::default()
    };
    let burst = Burst::add(Some(Burst::add(None, config, began)), restart, began + after(1));
    assert!(burst.is_asked_for());
    assert_eq!(burst.due(), began);
    let (changes, _) = burst.into_changes();
    assert!(changes.config && changes.restart);
}
