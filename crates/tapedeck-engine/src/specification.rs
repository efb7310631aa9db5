//! What a stack is asked to be, as it was asked for: put together again from its services.

use tapedeck_api::{Refusal, Response};
use tapedeck_model::{ServiceSpec, StackName, StackSpec};

use crate::fleet::{Fleet, Life, Service};

impl Fleet {
    /// The answer to what a stack is asked to be.
    pub(crate) fn describe_spec(&self, name: StackName) -> Response {
        let services: Vec<ServiceSpec> = self
            .of_stack(&name)
            .filter(|(_, service)| service.life == Life::Active)
            .filter_map(|(key, service)| {
                Some(ServiceSpec {
                    name: key.name.clone(),
                    desired_count: wanted(service),
                    job: service.job.clone(),
                    scaling: service.scaler.as_ref().map(|scaler| scaler.bounds),
                    logs: service.logs.policy.clone(),
                    container: service.revisions.get(&service.revision)?.clone(),
                })
            })
            .collect();
        let is_known = self.of_stack(&name).next().is_some();
        match is_known {
            true => Response::Spec {
                spec: StackSpec {
                    resources: self.resources.get(&name).cloned().unwrap_or_default(),
                    name,
                    services,
                },
            },
            false => Response::Refused {
                refusal: Refusal::UnknownStack { name },
            },
        }
    }
}

/// How many tasks were asked for: of a service that is scaled, the least.
fn wanted(service: &Service) -> u32 {
    match &service.scaler {
        Some(scaler) => scaler.bounds.min_instances,
        None => service.desired_count,
    }
}
