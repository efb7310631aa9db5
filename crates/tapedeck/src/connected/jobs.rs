//! Jobs: packaged as services are, and handed to the engine as what runs only when it is asked for.

use tapedeck_build::Built;
use tapedeck_model::{
    BatchJob, ContainerSpec, JobGrant, JobInbox, JobSpec, MAIN_CONTAINER, ResourceName, SecretPart,
    ServiceSpec,
};
use tapedeck_synth::local;

use super::emulator::Emulator;
use super::{Connected, Means};
use crate::commands::deploy::with_flags;
use crate::exit::Failure;
use crate::late;

impl Connected {
    /// Packages the jobs of the stack.
    pub(super) fn package_jobs(&self, means: &mut Means<'_>) -> Result<Vec<(BatchJob, Built)>, Failure> {
        let jobs = self.stack.jobs().into_iter().map(|job| {
            let built = means.packager.package_job(&job, means.progress)?;
            Ok((job, built))
        });
        jobs.collect()
    }

    /// What the engine is asked to keep ready for the jobs.
    pub(super) fn job_specs(
        &self,
        packaged: Vec<(BatchJob, Built)>,
        means: &Means<'_>,
    ) -> Result<Vec<ServiceSpec>, Failure> {
        let specs = packaged.into_iter().filter_map(|(job, built)| {
            let emulator = self.emulator.as_ref()?;
            let local = self.local.jobs.get(&job.name)?;
            let spec = self.job_spec(&job, &built, means);
            Some(spec.map(|spec| ServiceSpec {
                job: Some(JobSpec {
                    definition_arn: local.definition_arn.clone(),
                    queue_arns: local.queue_arns.clone(),
                    timeout_seconds: local.timeout_seconds,
                    inbox: Some(emulator.inbox(&local.inbox)),
                }),
                ..spec
            }))
        });
        specs.collect()
    }

    fn job_spec(&self, job: &BatchJob, built: &Built, means: &Means<'_>) -> Result<ServiceSpec, Failure> {
        let (environment, secrets) = self.variables(&job.name, MAIN_CONTAINER)?;
        Ok(ServiceSpec {
            name: job.name.clone(),
            desired_count: 0,
            scaling: None,
            job: None,
            logs: late::job_log_policy(job)?,
            container: ContainerSpec {
                image: built.image.clone(),
                environment: with_flags(environment, &built.image, means.images)?,
                secrets,
                cpu: job.cpu,
                memory: job.memory,
                stop_timeout: job.container.stop_timeout,
                discards_output: job.container.logging.disabled,
                ec2: None,
                health_check: None,
                depends_on: Vec::new(),
                sides: Vec::new(),
                ports: Vec::new(),
                mount_points: Vec::new(),
                reaches: self.reaches(&job.name),
                command: Vec::new(),
                job_grants: self.job_grants(&job.name),
                role: self.role(&job.name)?,
            },
        })
    }

    /// What the tasks of a service may do with jobs. A resource that only AWS knows is none here.
    pub(crate) fn job_grants(&self, service: &ResourceName) -> Vec<JobGrant> {
        let workload = self.local.workloads.get(service);
        let grants = workload.into_iter().flat_map(|workload| &workload.job_grants);
        let grants = grants.map(|grant| {
            let resources = grant.resources.iter().filter_map(|resource| {
                match local::evaluate(resource, &self.known).ok()?.as_slice() {
                    [SecretPart::Text(text)] => Some(text.clone()),
                    _ => None,
                }
            });
            JobGrant {
                allows: grant.allows,
                actions: grant.actions.clone(),
                resources: resources.collect(),
            }
        });
        grants.collect()
    }
}

impl Emulator {
    /// A queue of it, as the engine reads it.
    fn inbox(&self, name: &str) -> JobInbox {
        let role = self.role("");
        JobInbox {
            queue_url: format!("{}/{}/{name}", self.endpoint_url, self.account),
            endpoint_url: self.endpoint_url.clone(),
            region: role.region,
            read_by: role.assumed_by,
        }
    }
}
