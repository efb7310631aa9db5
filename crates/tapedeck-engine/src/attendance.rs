//! Stacks that live only as long as somebody attends to them: while a program is being written.
//!
//! Such a stack belongs to the connection over which it was asked for. When that ends, however it ends, the stack is
//! deleted. Which stacks are attended is written down, so that a new engine knows it too: it gives whoever holds one
//! [`GRACE`] to come back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tapedeck_api::{Refusal, Response};
use tapedeck_model::{StackName, StackSpec, Timestamp};

use crate::fleet::{Fleet, Life};
use crate::main_loop::Engine;
use crate::store::{Store, StoreError};

/// How long an attended stack waits for its holder after the engine was replaced.
const GRACE: Duration = Duration::from_secs(10);

/// Name of the setting with the attended stacks.
const SETTING: &str = "attended";

/// Tells connections apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientId(pub(crate) u64);

/// Who an attended stack belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// This connection.
    Client(ClientId),
    /// Nobody since the engine was replaced; the stack is deleted then.
    NobodyUntil(Timestamp),
}

/// The attended stacks.
pub(crate) type Holders = BTreeMap<StackName, Holder>;

/// The stacks that an earlier engine knew as attended. They are marked in the fleet.
pub(crate) fn recall(store: &Store, fleet: &mut Fleet, now: Timestamp) -> Result<Holders, StoreError> {
    let names: BTreeSet<StackName> = store.setting(SETTING)?.unwrap_or_default();
    for (key, service) in &mut fleet.services {
        service.attended = names.contains(&key.stack);
    }
    let holder = Holder::NobodyUntil(now + GRACE);
    Ok(names.into_iter().map(|name| (name, holder)).collect())
}

impl Engine {
    /// Makes a stack the desired state for as long as a connection lasts. With `anew`, as new revisions in any case.
    pub(crate) fn attend(&mut self, client: ClientId, stack: &StackSpec, anew: bool) -> Response {
        let name = &stack.name;
        match self.holders.get(name) {
            Some(Holder::Client(other)) if *other != client => {
                return refused(Refusal::Attended { name: name.clone() });
            }
            Some(_) => {}
            None => {
                let is_deployed = self
                    .fleet
                    .of_stack(name)
                    .any(|(_, service)| service.life == Life::Active);
                if is_deployed {
                    return refused(Refusal::Deployed { name: name.clone() });
                }
                // Before the stack itself, so that no engine ever takes it for one that was deployed to stay.
                if let Err(error) = self.save_attended(Some(name)) {
                    return refused(Refusal::Store {
                        reason: crate::chain(&error),
                    });
                }
            }
        }
        self.holders.insert(name.clone(), Holder::Client(client));
        self.desire(stack, true, anew)
    }

    /// A connection has ended: what belonged to it goes.
    pub(crate) fn client_gone(&mut self, client: ClientId) {
        self.abandon(|holder| holder == Holder::Client(client));
    }

    /// Deletes attended stacks whose holder has not come back.
    pub(crate) fn expire_attended(&mut self) {
        let now = self.clock.now();
        self.abandon(|holder| matches!(holder, Holder::NobodyUntil(until) if until <= now));
    }

    fn abandon(&mut self, is_abandoned: impl Fn(Holder) -> bool) {
        let abandoned: Vec<StackName> = self
            .holders
            .iter()
            .filter(|(_, holder)| is_abandoned(**holder))
            .map(|(name, _)| name.clone())
            .collect();
        for name in abandoned {
            let deleted = self.delete(&name, false);
            if let Response::Refused {
                refusal: Refusal::Store { .. },
            } = deleted
            {
                // Tried again on the period.
                let now = self.clock.now();
                self.holders.insert(name, Holder::NobodyUntil(now));
            }
        }
    }

    /// A stack is deleted: nobody needs to attend to it any more.
    pub(crate) fn no_longer_attended(&mut self, name: &StackName) {
        if self.holders.remove(name).is_some() {
            // A name too many does no harm: the next engine finds no such stack, and forgets it.
            let _ = self.save_attended(None);
        }
    }

    fn save_attended(&self, another: Option<&StackName>) -> Result<(), StoreError> {
        let names: BTreeSet<&StackName> = self.holders.keys().chain(another).collect();
        self.store.set_setting(SETTING, &names)
    }
}

fn refused(refusal: Refusal) -> Response {
    Response::Refused { refusal }
}
