//! Signals to this process itself. All in one test: what a signal does is common to all threads.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal, getpid, kill_process};

use super::{Interruption, SIGNALS, action_of};

#[test]
fn signals_are_noted_while_it_lives_and_do_what_they_did_afterwards() {
    let before = SIGNALS.map(|signal| action_of(signal).unwrap().0.sa_sigaction);
    for signal in [Signal::INT, Signal::TERM] {
        let interruption = Interruption::begin().unwrap();
        assert!(Interruption::begin().is_err(), "a second one at the same time");
        assert_eq!(interruption.taken(), None);
        kill_process(getpid(), signal).unwrap();
        poll(&mut [PollFd::new(&interruption, PollFlags::IN)], None).unwrap();
        assert_eq!(interruption.taken(), Some(signal.as_raw()));
        assert_eq!(interruption.taken(), None);
        drop(interruption);
    }
    assert_eq!(
        SIGNALS.map(|signal| action_of(signal).unwrap().0.sa_sigaction),
        before
    );
}
