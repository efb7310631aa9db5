//! Clients of the services, which share connections, deadlines and repetitions.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime::client::retries::classifiers::HttpStatusCodeClassifier;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::DateTime;
use tapedeck_model::Timestamp;

use crate::call::CallError;
use crate::error::CloudError;
use crate::query::QueryService;
use crate::target::{Credentials, Limits, Place, Target};

/// The clients that calls are made with. Cheap to clone.
#[derive(Clone)]
pub struct Cloud {
    pub(crate) place: Place,
    pub(crate) limits: Limits,
    pub(crate) cloudformation: aws_sdk_cloudformation::Client,
    pub(crate) ec2: QueryService,
    pub(crate) ecr: aws_sdk_ecr::Client,
    pub(crate) ecs: aws_sdk_ecs::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) scaling: aws_sdk_applicationautoscaling::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
    pub(crate) sfn: aws_sdk_sfn::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) ssm: aws_sdk_ssm::Client,
    pub(crate) sts: aws_sdk_sts::Client,
}

/// A client of a service, set up as all are.
macro_rules! client {
    ($service:ident, $config:expr) => {
        client!($service, $config, |config| config)
    };
    ($service:ident, $config:expr, $more:expr) => {{
        let config = $service::config::Builder::from($config).retry_classifier(too_many_requests());
        $service::Client::from_conf($more(config).build())
    }};
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Cloud")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Cloud {
    /// Makes the clients. Nobody is called, except for what the default credentials need.
    ///
    /// # Errors
    /// When region or endpoint are none.
    pub async fn connect(target: Target) -> Result<Self, CloudError> {
        let place = Place {
            region: target.region,
            endpoint: target.endpoint,
        };
        if let Some(why) = unusable(&place) {
            return Err(CloudError::Unusable { place, why });
        }
        let is_near = place.endpoint.is_some();
        let config = config(&place, target.credentials, target.limits).await;
        // Names of buckets are no names of hosts there.
        let s3 = |config: aws_sdk_s3::config::Builder| config.force_path_style(is_near);
        Ok(Self {
            place,
            limits: target.limits,
            cloudformation: client!(aws_sdk_cloudformation, &config),
            ec2: QueryService::ec2(&config),
            ecr: client!(aws_sdk_ecr, &config),
            ecs: client!(aws_sdk_ecs, &config),
            cloudwatch: client!(aws_sdk_cloudwatch, &config),
            logs: client!(aws_sdk_cloudwatchlogs, &config),
            s3: client!(aws_sdk_s3, &config, s3),
            scaling: client!(aws_sdk_applicationautoscaling, &config),
            secrets: client!(aws_sdk_secretsmanager, &config),
            sfn: client!(aws_sdk_sfn, &config),
            sqs: client!(aws_sdk_sqs, &config),
            ssm: client!(aws_sdk_ssm, &config),
            sts: client!(aws_sdk_sts, &config),
        })
    }

    /// Where calls go.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The error of one call that does one thing.
    pub(crate) fn not_done(&self, what: String, cause: CallError) -> CloudError {
        CloudError::NotDone {
            what,
            place: self.place.clone(),
            cause,
        }
    }

    /// Whether an emulator answers, which is near and may be asked often.
    pub(crate) fn is_near(&self) -> bool {
        self.place.endpoint.is_some()
    }
}

/// Why nobody can be called there.
fn unusable(place: &Place) -> Option<&'static str> {
    let is_word =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    if place.region.is_empty() || !place.region.chars().all(is_word) {
        return Some("a region is lower-case letters, digits and hyphens, such as eu-west-1");
    }
    let endpoint = place.endpoint.as_deref()?;
    let host = endpoint
        .strip_prefix("http://")
        .or_else(|| endpoint.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with(['/', ':']) => None,
        _ => Some("an endpoint is a URL with http:// or https://, such as http://127.0.0.1:4566"),
    }
}

async fn config(place: &Place, credentials: Credentials, limits: Limits) -> SdkConfig {
    let behavior = BehaviorVersion::v2026_01_12();
    let region = Region::new(place.region.clone());
    let client = client(place.endpoint.is_some());
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(limits.connect)
        .read_timeout(limits.answer)
        .operation_timeout(limits.call)
        .build();
    let repetitions = repetitions(place.endpoint.is_some());
    match credentials {
        Credentials::Fixed {
            access_key_id,
            secret_access_key,
            session_token,
        } => {
            let fixed = aws_credential_types::Credentials::new(
                access_key_id,
                secret_access_key,
                session_token,
                None,
                "tapedeck",
            );
            let mut config = SdkConfig::builder()
                .behavior_version(behavior)
                .region(region)
                .http_client(client)
                .timeout_config(timeouts)
                .retry_config(repetitions)
                .credentials_provider(SharedCredentialsProvider::new(fixed));
            config.set_endpoint_url(place.endpoint.clone());
            config.build()
        }
        Credentials::Default { profile } => {
            let mut loader = aws_config::defaults(behavior)
                .region(region)
                .http_client(client)
                .timeout_config(timeouts)
                .retry_config(repetitions);
            if let Some(profile) = profile {
                loader = loader.profile_name(profile);
            }
            if let Some(endpoint) = &place.endpoint {
                loader = loader.endpoint_url(endpoint);
            }
            loader.load().await
        }
    }
}

/// Calls that were throttled or lost are made again, after random pauses. Those to an emulator are short: there is no crowd to avoid.
fn repetitions(is_near: bool) -> RetryConfig {
    match is_near {
        true => RetryConfig::standard()
            .with_max_attempts(8)
            .with_initial_backoff(Duration::from_millis(50))
            .with_max_backoff(Duration::from_secs(1)),
        false => RetryConfig::standard().with_max_attempts(6),
    }
}

/// Has calls made again that somebody on the way had too much to do for. What services say themselves of that is known to the SDK.
pub(crate) fn too_many_requests() -> HttpStatusCodeClassifier {
    HttpStatusCodeClassifier::new_from_codes(&[429])
}

/// HTTP, with TLS by `ring` and the certificates that this machine trusts; through the proxy of the environment, but not to
/// what is near. The SDK's own client would bring `aws-lc`, which is C and assembler for minutes.
fn client(is_near: bool) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::Ring));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(match is_near {
            true => ProxyConfig::disabled(),
            false => ProxyConfig::from_env(),
        }));
        connector.build()
    })
}

/// A point in time of an answer.
pub(crate) fn time(at: DateTime) -> Option<Timestamp> {
    let millis = at.to_millis().ok()?;
    Some(Timestamp::from_millis(u64::try_from(millis).ok()?))
}
