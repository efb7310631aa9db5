//! Calls by the query protocol, to a service whose crate would cost more than it gives: EC2's takes minutes to build, and four of its
//! calls are made. Signatures, deadlines and repetitions are those of all other calls.

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_query::QueryWriter;
use aws_smithy_runtime::client::orchestrator::operation::{Operation, OperationBuilder};
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use roxmltree::{Document, Node};

use crate::call::{CallError, Fault};
use crate::connect::too_many_requests;

/// A service that speaks the query protocol.
#[derive(Debug, Clone)]
pub(crate) struct QueryService {
    /// Its name, as it stands before the colon of actions.
    name: &'static str,
    /// The version of its API.
    version: &'static str,
    /// With what all services are called.
    config: SdkConfig,
    /// As whom it was called last.
    identities: SharedIdentityCache,
}

impl QueryService {
    /// EC2.
    pub(crate) fn ec2(config: &SdkConfig) -> Self {
        let own = || IdentityCache::lazy().build();
        Self {
            name: "ec2",
            version: "2016-11-15",
            identities: config.identity_cache().unwrap_or_else(own),
            config: config.clone(),
        }
    }

    /// Calls an action, which is named as in policies, page after page, and reads each of them: `read` is given the root of an answer.
    pub(crate) async fn pages<T>(
        &self,
        action: &'static str,
        arguments: &[(&str, &str)],
        mut read: impl FnMut(Node<'_, '_>) -> Option<Vec<T>>,
    ) -> Result<Vec<T>, CallError> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let next = token.iter().map(|token| ("NextToken", token.as_str()));
            let arguments: Vec<(&str, &str)> = arguments.iter().copied().chain(next).collect();
            let answer = self.ask(action, &arguments).await?;
            let document = Document::parse(&answer).map_err(|error| CallError {
                action,
                fault: Fault::Garbled {
                    why: error.to_string(),
                },
            })?;
            let root = document.root_element();
            all.extend(read(root).ok_or_else(|| CallError::lacking(action, "name of what it lists"))?);
            token = text(root, "nextToken").filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    async fn ask(&self, action: &'static str, arguments: &[(&str, &str)]) -> Result<String, CallError> {
        let mut body = String::new();
        let mut writer = QueryWriter::new(&mut body, operation_of(action), self.version);
        for (name, value) in arguments {
            writer.prefix(name).string(value);
        }
        writer.finish();
        let answer = self.operation(action).invoke(body).await;
        answer.map_err(|error| CallError::new(action, error))
    }

    fn operation(&self, action: &'static str) -> Operation<String, String, ErrorMetadata> {
        let builder = Operation::builder()
            .service_name(self.name)
            .operation_name(operation_of(action))
            .endpoint_url(&self.endpoint())
            .runtime_plugin(self.signing())
            .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
            .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(too_many_requests())
            .serializer(request)
            .deserializer(answer);
        self.limited(builder).build()
    }

    fn limited<I, O, E>(&self, mut builder: OperationBuilder<I, O, E>) -> OperationBuilder<I, O, E> {
        let config = &self.config;
        if let Some(version) = config.behavior_version() {
            builder = builder.behavior_version(version);
        }
        if let Some(client) = config.http_client() {
            builder = builder.http_client(client);
        }
        if let Some(repetitions) = config.retry_config() {
            builder = builder.standard_retry(repetitions);
        }
        if let Some(limits) = config.timeout_config() {
            builder = builder.timeout_config(limits.clone());
        }
        builder
    }

    /// As whom calls are signed.
    fn signing(&self) -> StaticRuntimePlugin {
        let mut settings = Layer::new("signing");
        settings.store_put(AuthSchemeOptionResolverParams::new(()));
        settings.store_put(SigV4OperationSigningConfig {
            region: self.config.region().cloned().map(Into::into),
            name: Some(self.name.into()),
            signing_options: SigningOptions::default(),
            ..SigV4OperationSigningConfig::default()
        });
        let mut components = RuntimeComponentsBuilder::new("signing");
        components
            .set_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])));
        components.push_auth_scheme(SigV4AuthScheme::new());
        components.set_identity_cache(Some(self.identities.clone()));
        if let Some(credentials) = self.config.credentials_provider() {
            components.set_identity_resolver(SCHEME_ID, credentials);
        }
        StaticRuntimePlugin::new()
            .with_config(settings.freeze())
            .with_runtime_components(components)
    }

    fn endpoint(&self) -> String {
        if let Some(endpoint) = self.config.endpoint_url() {
            return endpoint.to_owned();
        }
        let region = self.config.region().map(AsRef::as_ref).unwrap_or_default();
        let suffix = match region.starts_with("cn-") {
            true => "amazonaws.com.cn",
            false => "amazonaws.com",
        };
        format!("https://{}.{region}.{suffix}", self.name)
    }
}

/// The name of an action without that of its service.
fn operation_of(action: &'static str) -> &'static str {
    action.split_once(':').map_or(action, |(_, operation)| operation)
}

fn request(body: String) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST")?;
    request.set_uri("/")?;
    request
        .headers_mut()
        .insert("content-type", "application/x-www-form-urlencoded");
    Ok(request)
}

fn answer(response: &HttpResponse) -> Result<String, OrchestratorError<ErrorMetadata>> {
    let text = String::from_utf8_lossy(response.body().bytes().unwrap_or_default()).into_owned();
    match response.status().is_success() {
        true => Ok(text),
        false => Err(OrchestratorError::operation(refusal(&text))),
    }
}

/// What a service says where it refuses.
fn refusal(text: &str) -> ErrorMetadata {
    let mut told = ErrorMetadata::builder();
    if let Ok(document) = Document::parse(text) {
        let said = |name: &str| {
            let mut nodes = document.descendants();
            nodes.find(|node| node.tag_name().name() == name)?.text()
        };
        if let Some(code) = said("Code") {
            told = told.code(code);
        }
        if let Some(message) = said("Message") {
            told = told.message(message);
        }
    }
    told.build()
}

/// The element of a name within another one. Answers have a namespace, which tells nothing.
fn element<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}

/// The text of an element within another one.
pub(crate) fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    element(node, name)?.text().map(str::to_owned)
}

/// The items of a list within an element; none where there is no list.
pub(crate) fn items<'a, 'input>(
    node: Node<'a, 'input>,
    list: &str,
) -> impl Iterator<Item = Node<'a, 'input>> + use<'a, 'input> {
    let list = element(node, list);
    let children = list.into_iter().flat_map(|list| list.children());
    children.filter(|child| child.tag_name().name() == "item")
}
