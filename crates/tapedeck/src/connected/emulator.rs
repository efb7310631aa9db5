//! The emulator of AWS: one for all stacks of this machine, as a task of a stack of its own; or one that runs elsewhere.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::Ipv4Addr;

use tapedeck_api::Client;
use tapedeck_cloud::{
    Cloud, CloudError, Credentials, Deployed, Deployment, Manner, Progress as Happening, SessionCredentials,
    Target,
};
use tapedeck_local::access_key::{ACCESS_KEY_ID, AccessKey, SECRET_ACCESS_KEY};
use tapedeck_local::stand_in::Kind;
use tapedeck_model::{
    ImageDigest, Region, ResourceName, SecretName, SecretPart, SecretReference, SecretTemplate, ServicePort,
    StackName, StackSpec, TaskRole,
};
use tapedeck_synth::local::{ACCOUNT, LocalStack};

use super::{Means, databases, known_stack, service_of};
use crate::aws::{self, failed};
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::printer::Progress;
use crate::secrets;

/// The stack that the emulator is in, and its service there. No project may be called so in this stage.
pub(super) const STACK: &str = "tapedeck-local";
const SERVICE: &str = "aws";

/// The secrets with the credentials of who may do everything in the emulator here, and in one that runs elsewhere.
const ROOT: &str = "tapedeck/aws-root";
const ELSEWHERE: &str = "tapedeck/aws-elsewhere";

/// How long credentials of a role are good for.
const SESSION_SECONDS: u32 = 3600;

/// The port of the emulator.
const PORT: u16 = 4566;

/// An emulator that answers.
#[derive(Debug)]
pub(crate) struct Emulator {
    /// Where.
    pub(crate) endpoint_url: String,
    /// The account that it has.
    pub(super) account: String,
    /// What it is, in words.
    told: String,
    key: SecretName,
    root: Credentials,
}

impl Emulator {
    /// Has the emulator run, unless it does. Functions of `client` reach what is in `reaches`, which are of its stack. Tells its image,
    /// too.
    pub(super) fn ensure(
        client: &StackName,
        reaches: Vec<ServicePort>,
        means: &mut Means<'_>,
    ) -> Result<(Self, ImageDigest), Failure> {
        let (key, root) = root(means.context)?;
        let stand_in = databases::prepare(Kind::Aws, means)?;
        let (stack, service) = (stack()?, service()?);
        let mut container = databases::container(&stand_in, PORT, BTreeMap::new())?;
        for (variable, key) in [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
        ] {
            let reference = SecretReference::new(format!("{ROOT}.{key}")).or_fail(ExitKind::Internal)?;
            let value = SecretTemplate::new(vec![SecretPart::Secret(reference)]);
            container.secrets.insert(variable.to_string(), value);
        }
        container.reaches = reached(client, reaches, means.client, &stack)?;
        let spec = |container, count| {
            let mut aws = databases::service(service.clone(), container);
            aws.desired_count = count;
            StackSpec {
                name: stack.clone(),
                services: vec![aws],
                resources: Vec::new(),
            }
        };
        // It is told its own address, which it has once the engine knows it.
        let known = match known_stack(means.client, &stack)? {
            Some(known) => known,
            None => means
                .client
                .apply_stack(spec(container.clone(), 0))
                .map_err(|error| engine::failed(error, &stack))?,
        };
        let address = service_of(&known, &service).and_then(|service| service.address);
        let address = address.ok_or_else(|| Failure::operation("the engine gave the emulator no address"))?;
        let endpoint_url = endpoint_url(address);
        for (name, value) in [
            ("MINISTACK_HOST", address.to_string()),
            ("GATEWAY_PORT", PORT.to_string()),
            ("MINISTACK_ACCOUNT_ID", ACCOUNT.to_string()),
            ("MINISTACK_REGION", Region::LOCAL.to_string()),
            ("AWS_ENDPOINT_URL", endpoint_url.clone()),
        ] {
            container.environment.insert(name.to_string(), value);
        }
        let spec = spec(container, 1);
        databases::run(&spec, &spec.services, means)?;
        let emulator = Self {
            endpoint_url,
            account: ACCOUNT.to_string(),
            told: format!("ministack {}", stand_in.version),
            key,
            root,
        };
        Ok((emulator, stand_in.image))
    }

    /// One that somebody else runs, with the credentials of the environment.
    ///
    /// # Errors
    /// When there are none, or nobody answers.
    pub(super) fn elsewhere(endpoint_url: &str, context: &Context) -> Result<Self, Failure> {
        let variable = |name: &str| {
            context.variable(name).ok_or_else(|| {
                Failure::usage(format!(
                    "{name} is not set, and says who may do everything at {endpoint_url}"
                ))
                .help("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; nothing was changed")
            })
        };
        let access_key = AccessKey {
            access_key_id: variable("AWS_ACCESS_KEY_ID")?,
            secret_access_key: variable("AWS_SECRET_ACCESS_KEY")?,
        };
        let key = SecretName::new(ELSEWHERE).or_fail(ExitKind::Internal)?;
        let mut emulator = Self {
            endpoint_url: endpoint_url.to_string(),
            account: String::new(),
            told: format!("what answers at {endpoint_url}"),
            key,
            root: Credentials::fixed(&*access_key.access_key_id, &*access_key.secret_access_key),
        };
        let account = block_on(async { emulator.connect().await?.account().await })?;
        emulator.account = account.map_err(failed)?;
        let store = secrets::open(context)?;
        access_key
            .keep(&store, &emulator.key, engine::now())
            .map_err(secrets::could_not_set)?;
        Ok(emulator)
    }

    /// The one that a deployed stack was connected to, where that is another one than runs here.
    ///
    /// # Errors
    /// When the engine cannot be asked, or its credentials cannot be read any more.
    pub(crate) fn of_stack(
        stack: &StackName,
        context: &Context,
        client: &mut Client,
    ) -> Result<Option<Self>, Failure> {
        let spec = super::spec_of(client, stack)?;
        let roles = spec
            .services
            .into_iter()
            .filter_map(|service| service.container.role);
        let Some(role) = roles
            .into_iter()
            .find(|role| role.assumed_by.as_str() == ELSEWHERE)
        else {
            return Self::find(context, client);
        };
        let access_key =
            AccessKey::read(&secrets::open(context)?, &role.assumed_by).map_err(secrets::could_not_get)?;
        Ok(role.endpoint_url.map(|endpoint_url| Self {
            account: String::new(),
            told: endpoint_url.clone(),
            endpoint_url,
            key: role.assumed_by,
            root: Credentials::fixed(access_key.access_key_id, access_key.secret_access_key),
        }))
    }

    /// The one that runs.
    ///
    /// # Errors
    /// When none does.
    pub(crate) fn running(context: &Context) -> Result<Self, Failure> {
        let none = || {
            Failure::operation("nothing stands in for AWS on this machine")
                .help("`tapedeck deploy` of a stack that needs it starts it")
        };
        let mut client = engine::try_connect(context)?.ok_or_else(none)?;
        Self::find(context, &mut client)?.ok_or_else(none)
    }

    /// The one that an engine runs, if it runs one.
    ///
    /// # Errors
    /// When the engine cannot be asked, or the key of the emulator cannot be read.
    pub(super) fn find(context: &Context, client: &mut Client) -> Result<Option<Self>, Failure> {
        let status = known_stack(client, &stack()?)?;
        let name = service()?;
        let service = status.as_ref().and_then(|status| service_of(status, &name));
        let Some(address) = service.and_then(|service| service.address) else {
            return Ok(None);
        };
        let (key, root) = root(context)?;
        Ok(Some(Self {
            endpoint_url: endpoint_url(address),
            account: ACCOUNT.to_string(),
            told: "ministack".to_string(),
            key,
            root,
        }))
    }

    /// What it has told of a stack; nothing when it has none of that name.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn outputs(&self, stack: &StackName) -> Result<BTreeMap<String, String>, Failure> {
        let described = block_on(async { self.connect().await?.describe(stack.as_str()).await })?;
        Ok(described
            .map_err(failed)?
            .map(|state| state.outputs)
            .unwrap_or_default())
    }

    /// The variables by which programs find it, and are let in.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", self.endpoint_url.clone()),
            ("AWS_REGION", Region::LOCAL.to_string()),
            ("AWS_DEFAULT_REGION", Region::LOCAL.to_string()),
        ];
        if let Credentials::Fixed {
            access_key_id,
            secret_access_key,
            ..
        } = &self.root
        {
            variables.push(("AWS_ACCESS_KEY_ID", access_key_id.clone()));
            variables.push(("AWS_SECRET_ACCESS_KEY", secret_access_key.clone()));
        }
        variables
    }

    /// Its account.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn known_account(&self) -> Result<String, Failure> {
        if !self.account.is_empty() {
            return Ok(self.account.clone());
        }
        block_on(async { self.connect().await?.account().await })?.map_err(failed)
    }

    /// Credentials of a role of it, for as long as a role gives them without being told more.
    ///
    /// # Errors
    /// When there is no such role, or it does not answer.
    pub(super) fn assume(&self, role_arn: &str, session_name: &str) -> Result<SessionCredentials, Failure> {
        let assumed = block_on(async {
            let cloud = self.connect().await?;
            cloud.assume_role(role_arn, session_name, SESSION_SECONDS).await
        })?;
        assumed.map_err(failed)
    }

    /// What it is, in words.
    pub(super) fn told(&self) -> String {
        self.told.clone()
    }

    /// Whether it runs on this machine.
    fn is_here(&self) -> bool {
        self.key.as_str() == ROOT
    }

    /// Its port, which tasks connect to; none of one that is not on this machine.
    pub(super) fn port(&self) -> Option<ServicePort> {
        self.is_here().then_some(())?;
        Some(ServicePort {
            stack: stack().ok()?,
            service: service().ok()?,
            port: PORT,
            alias: None,
        })
    }

    /// A role of it.
    pub(super) fn role(&self, arn: &str) -> TaskRole {
        TaskRole {
            arn: arn.to_string(),
            endpoint_url: Some(self.endpoint_url.clone()),
            region: Region::LOCAL.to_string(),
            assumed_by: self.key.clone(),
        }
    }

    /// Whether it has a stack of that name.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) fn has(&self, stack: &StackName) -> Result<bool, Failure> {
        let described = block_on(async { self.connect().await?.describe(stack.as_str()).await })?;
        described.map(|state| state.is_some()).map_err(failed)
    }

    /// Takes away what it has of a stack. Tells the stack that it is in itself where it runs here and nobody needs it any more.
    ///
    /// # Errors
    /// When something cannot be taken away.
    pub(crate) fn leave(
        &self,
        stack: &StackName,
        progress: &mut Progress,
    ) -> Result<Option<StackName>, Failure> {
        let left = block_on(async {
            let cloud = self.connect().await?;
            cloud
                .delete(stack.as_str(), &mut |happening| tell(&happening, progress))
                .await?;
            if !self.account.is_empty() {
                let beginning = format!("{stack}/");
                cloud.prune_objects(&self.code_bucket(), &beginning, &[]).await?;
            }
            cloud.stacks().await
        })?;
        let is_idle = left.map_err(failed)?.is_empty() && self.is_here();
        is_idle.then(self::stack).transpose()
    }

    /// Deploys a template. Tells its outputs, and what was done.
    pub(super) fn deploy(
        &self,
        stack: &StackName,
        local: &LocalStack,
        progress: &mut Progress,
    ) -> Result<Deployed, Failure> {
        let template = local.template.to_value();
        let deployment = Deployment {
            stack_name: stack.as_str(),
            template: &template,
            tags: &local.tags,
            template_bucket: None,
            manner: Manner::default(),
        };
        let deployed = block_on(async {
            let cloud = self.connect().await?;
            cloud
                .deploy(&deployment, &mut |happening| tell(&happening, progress))
                .await
        })?;
        deployed.map_err(failed)
    }

    /// The bucket with the code of functions.
    pub(super) fn code_bucket(&self) -> String {
        format!("tapedeck-artifacts-{}-{}", self.account, Region::LOCAL)
    }

    /// Has it hold the code of a function under a name that tells what is in it. Says whether it did not yet.
    pub(super) fn hold(
        &self,
        key: &str,
        code: impl FnOnce() -> Result<Vec<u8>, Failure>,
    ) -> Result<bool, Failure> {
        let bucket = self.code_bucket();
        let is_missing = block_on(async {
            let cloud = self.connect().await?;
            cloud.lacks_object(&bucket, &self.account, key).await
        })?;
        let is_missing = is_missing.map_err(failed)?;
        if is_missing {
            let code = code()?;
            let stored = block_on(async {
                let cloud = self.connect().await?;
                cloud.put_object(&bucket, key, code).await
            })?;
            stored.map_err(failed)?;
        }
        Ok(is_missing)
    }

    /// Has it forget code of functions of a stack that is not among `keys`.
    pub(super) fn keep_only(&self, stack: &StackName, keys: &[String]) -> Result<(), Failure> {
        let kept = block_on(async {
            let cloud = self.connect().await?;
            cloud
                .prune_objects(&self.code_bucket(), &format!("{stack}/"), keys)
                .await
        })?;
        kept.map_err(failed)
    }

    async fn connect(&self) -> Result<Cloud, CloudError> {
        let target = Target::emulator(Region::LOCAL, self.endpoint_url.as_str(), self.root.clone());
        Cloud::connect(target).await
    }
}

/// What the emulator reaches: itself, where functions call it by its own address; what functions of `client` do; what those of
/// other stacks do.
fn reached(
    client: &StackName,
    reaches: Vec<ServicePort>,
    engine: &mut Client,
    own: &StackName,
) -> Result<Vec<ServicePort>, Failure> {
    let itself = ServicePort {
        stack: own.clone(),
        service: service()?,
        port: PORT,
        alias: None,
    };
    let stacks = engine.list_stacks().map_err(|error| engine::failed(error, own))?;
    let before = super::spec_of(engine, own)?.services;
    let others = before
        .into_iter()
        .flat_map(|service| service.container.reaches)
        .filter(|port| port.stack != *own && port.stack != *client)
        .filter(|port| stacks.iter().any(|stack| stack.name == port.stack));
    let mut all: Vec<ServicePort> = others.chain(reaches).chain([itself]).collect();
    all.sort_by(|one, other| order(one).cmp(&order(other)));
    all.dedup();
    Ok(all)
}

fn order(port: &ServicePort) -> (&str, &str, u16) {
    (port.stack.as_str(), port.service.as_str(), port.port)
}

/// Where it is.
fn endpoint_url(address: Ipv4Addr) -> String {
    format!("http://{address}:{PORT}")
}

/// Tells what happens to resources of a template.
fn tell(happening: &Happening, progress: &mut Progress) {
    if let Happening::Event(event) = happening {
        progress.now(&format!(
            "{} {} {}",
            event.status, event.resource_type, event.logical_id
        ));
    }
}

/// Waits for the end of calls.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    Ok(aws::runtime()?.block_on(work))
}

/// The credentials of who may do everything in the emulator here, made at the first time, and the secret that they are in.
fn root(context: &Context) -> Result<(SecretName, Credentials), Failure> {
    let store = secrets::open(context)?;
    let name = SecretName::new(ROOT).or_fail(ExitKind::Internal)?;
    AccessKey::ensure(&store, &name, engine::now()).map_err(secrets::could_not_set)?;
    let key = AccessKey::read(&store, &name).map_err(secrets::could_not_get)?;
    Ok((name, Credentials::fixed(key.access_key_id, key.secret_access_key)))
}

fn stack() -> Result<StackName, Failure> {
    StackName::new(STACK).or_fail(ExitKind::Internal)
}

fn service() -> Result<ResourceName, Failure> {
    ResourceName::new(SERVICE).or_fail(ExitKind::Internal)
}
