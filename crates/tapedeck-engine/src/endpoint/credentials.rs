//! Credentials of the role of a task, as the agent of ECS serves them (developer guide, "task IAM role"): whoever asks within
//! the task gets those of its own role, and nobody else's.

use std::time::Duration;

use serde_json::json;
use tapedeck_cloud::{Cloud, Credentials, SessionCredentials, Target};
use tapedeck_local::access_key::AccessKey;
use tapedeck_local::secrets::SecretStore;
use tapedeck_model::{TaskId, TaskRole, Timestamp};

use crate::host::Host;
use crate::http::Answer;

/// For how many seconds credentials are good: as long as a role allows unless it says otherwise.
const SECONDS: u32 = 3600;

/// Before they expire they are replaced, in time for programs that ask anew a quarter of an hour before.
const MARGIN: Duration = Duration::from_secs(20 * 60);

/// Credentials that were asked for, and for which role.
#[derive(Debug, Clone)]
pub(super) struct Session {
    role: TaskRole,
    credentials: SessionCredentials,
}

impl Session {
    /// Assumes a role in the name of a task.
    pub(super) async fn begin(host: &Host, task: &TaskId, role: &TaskRole) -> Result<Self, String> {
        let folder = host.home.secrets();
        let key = SecretStore::open(folder)
            .map_err(|error| crate::chain(&error))
            .and_then(|store| {
                AccessKey::read(&store, &role.assumed_by).map_err(|error| crate::chain(&error))
            })?;
        let fixed = Credentials::fixed(key.access_key_id, key.secret_access_key);
        let target = match &role.endpoint_url {
            Some(endpoint) => Target::emulator(role.region.as_str(), endpoint.as_str(), fixed),
            None => Target::aws(role.region.as_str(), fixed),
        };
        let cloud = Cloud::connect(target)
            .await
            .map_err(|error| crate::chain(&error))?;
        let credentials = cloud.assume_role(&role.arn, task.as_str(), SECONDS).await;
        Ok(Self {
            role: role.clone(),
            credentials: credentials.map_err(|error| crate::chain(&error))?,
        })
    }

    /// Whether they are good for a while, for this role.
    pub(super) fn is_good(&self, role: &TaskRole, now: Timestamp) -> bool {
        self.role == *role && self.credentials.expires_at > now + MARGIN
    }

    /// As programs read them.
    pub(super) fn answer(&self) -> Answer {
        let credentials = &self.credentials;
        super::json_answer(
            200,
            &json!({
                "RoleArn": self.role.arn,
                "AccessKeyId": credentials.access_key_id,
                "SecretAccessKey": credentials.secret_access_key,
                "Token": credentials.session_token,
                "Expiration": super::metadata::text_of(credentials.expires_at),
            }),
        )
    }
}
