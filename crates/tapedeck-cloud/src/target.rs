//! Whom calls go to, as whom, and how long they may take.

use std::fmt;
use std::time::Duration;

/// Whom calls go to, and as whom.
#[derive(Debug, Clone)]
pub struct Target {
    /// The region, such as `eu-west-1`: letters, digits and hyphens.
    pub region: String,
    /// The URL of an emulator that answers for all services, with its scheme; none for AWS itself.
    pub endpoint: Option<String>,
    /// As whom.
    pub credentials: Credentials,
    /// How long things may take.
    pub limits: Limits,
}

impl Target {
    /// A region of AWS.
    #[must_use]
    pub fn aws(region: impl Into<String>, credentials: Credentials) -> Self {
        Self {
            region: region.into(),
            endpoint: None,
            credentials,
            limits: Limits::of_aws(),
        }
    }

    /// An emulator behind an endpoint.
    #[must_use]
    pub fn emulator(
        region: impl Into<String>,
        endpoint: impl Into<String>,
        credentials: Credentials,
    ) -> Self {
        Self {
            region: region.into(),
            endpoint: Some(endpoint.into()),
            credentials,
            limits: Limits::of_emulator(),
        }
    }
}

/// Where credentials come from.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// From where AWS's own tools have them: environment, shared files, the role of the machine.
    Default {
        /// The profile of the shared files; none for the one that the environment names.
        profile: Option<String>,
    },
    /// These. Nothing else is looked at: no environment, no file.
    Fixed {
        /// Says who.
        access_key_id: String,
        /// Proves it.
        secret_access_key: String,
        /// Belongs to keys that are valid for a while.
        session_token: Option<String>,
    },
}

impl Credentials {
    /// A key that is nobody's session.
    #[must_use]
    pub fn fixed(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Self::Fixed {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: None,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default { profile } => out.debug_struct("Default").field("profile", profile).finish(),
            Self::Fixed { access_key_id, .. } => out
                .debug_struct("Fixed")
                .field("access_key_id", access_key_id)
                .finish_non_exhaustive(),
        }
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A connection, until it is there.
    pub connect: Duration,
    /// An answer, until it begins. A call whose answer does not is made again, as long as `call` allows.
    pub answer: Duration,
    /// A call with all its repetitions.
    pub call: Duration,
    /// The same for a call that sends an object, or gets one.
    pub upload: Duration,
    /// How long nothing may happen to a stack while something is being done to it.
    pub standstill: Duration,
}

impl Limits {
    /// For AWS, whose throttling is sat out and which may be silent while it waits for a database or for services.
    #[must_use]
    pub const fn of_aws() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            call: Duration::from_secs(120),
            upload: Duration::from_secs(1800),
            standstill: Duration::from_secs(4 * 3600),
        }
    }

    /// For an emulator, which is near.
    #[must_use]
    pub const fn of_emulator() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(30),
            call: Duration::from_secs(60),
            upload: Duration::from_secs(300),
            standstill: Duration::from_secs(900),
        }
    }
}

/// Where something was tried: a region, and an endpoint if it is not AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The region.
    pub region: String,
    /// The URL of the emulator.
    pub endpoint: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Some(endpoint) => write!(out, "{} at {endpoint}", self.region),
            None => write!(out, "{}", self.region),
        }
    }
}
