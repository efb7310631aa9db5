//! What the engine does with the output of a service's tasks. Changing it makes no new revision.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::SecretTemplate;

/// For how many days logs are kept unless it is said otherwise (product page, "Logging": `retentionDays`).
const RETENTION_DAYS: u16 = 90;

/// What becomes of the output of a service's tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogPolicy {
    /// For how many days it is kept.
    pub retention_days: u16,
    /// Who gets it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<LogDestination>,
    /// The same for the containers beside the main one, by name. Of one that is not named it is what a service has that says
    /// nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sides: BTreeMap<String, SideLogs>,
}

/// What becomes of the output of a container beside the main one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SideLogs {
    /// For how many days it is kept.
    pub retention_days: u16,
    /// Who gets it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<LogDestination>,
}

impl Default for LogPolicy {
    fn default() -> Self {
        Self {
            retention_days: RETENTION_DAYS,
            destination: None,
            sides: BTreeMap::new(),
        }
    }
}

impl Default for SideLogs {
    fn default() -> Self {
        Self {
            retention_days: RETENTION_DAYS,
            destination: None,
        }
    }
}

impl LogPolicy {
    /// Whether this is what a service has that says nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// For how many days the output of a container is kept: of the main one, or of the one of that name beside it.
    #[must_use]
    pub fn retention_days_of(&self, side: Option<&str>) -> u16 {
        match side {
            None => self.retention_days,
            Some(name) => self
                .sides
                .get(name)
                .map_or(RETENTION_DAYS, |side| side.retention_days),
        }
    }

    /// Who gets the output of a container too.
    #[must_use]
    pub fn destination_of(&self, side: Option<&str>) -> Option<&LogDestination> {
        match side {
            None => self.destination.as_ref(),
            Some(name) => self.sides.get(name)?.destination.as_ref(),
        }
    }
}

/// An endpoint that takes what Amazon Data Firehose sends. Its values may be made of secrets, which are read at each use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogDestination {
    /// Where to, `https://…`.
    pub endpoint_url: SecretTemplate,
    /// What to prove oneself with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key: Option<SecretTemplate>,
    /// Common attributes of every request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, SecretTemplate>,
    /// Whether bodies are compressed.
    pub gzip: bool,
    /// For how long failed requests are tried again before they go to the spool, in seconds.
    pub retry_seconds: u16,
}
