//! What the kernel says of processes, in its form.

use super::lacks_handler;

fn status(state: &str, caught: &str) -> String {
    blocking(state, caught, "0000000000000000")
}

fn blocking(state: &str, caught: &str, blocked: &str) -> String {
    format!(
        "Name:\tnode\nState:\t{state}\nSigBlk:\t{blocked}\nSigIgn:\t0000000000001000\nSigCgt:\t{caught}\n"
    )
}

#[test]
fn t14_a_process_without_a_handler_is_deaf_to_the_signal() {
    let (term, int) = (15, 2);
    let sleeps = status("S (sleeping)", "0000000000004002");
    assert!(!lacks_handler(&sleeps, term) && !lacks_handler(&sleeps, int));
    let naive = status("S (sleeping)", "0000000000000002");
    assert!(lacks_handler(&naive, term) && !lacks_handler(&naive, int));
    let init = blocking("S (sleeping)", "0000000000000000", "0000000000004000");
    assert!(!lacks_handler(&init, term), "it fetches what it blocks");
}

#[test]
fn what_has_ended_or_makes_no_sense_is_not_called_deaf() {
    assert!(!lacks_handler(&status("Z (zombie)", "0000000000000000"), 15));
    assert!(!lacks_handler(&status("S (sleeping)", "none"), 15));
    assert!(!lacks_handler(&status("S (sleeping)", "0000000000000000"), 0));
    assert!(!lacks_handler("", 15));
}
