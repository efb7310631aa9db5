//! The types of resources, one file each: their keys, the rules that relate them, what `$ResourceParam` can ask of them
//! and what connecting to one tells. No file, clock or environment is read here.
//!
//! Adding a type is a file and a line in [`TYPES`].

mod application_load_balancer;
mod batch_job;
mod bucket;
pub mod catalogue;
mod dynamo_db_table;
mod efs_filesystem;
mod event_bus;
mod function;
mod hosting_bucket;
mod http_api_gateway;
mod kinesis_stream;
mod mongo_db_atlas_cluster;
mod multi_container_workload;
mod network_load_balancer;
mod open_search_domain;
mod private_service;
mod redis_cluster;
mod relational_database;
mod shared;
mod sns_topic;
mod sqs_queue;
mod state_machine;
mod unsupported;
mod upstash_kafka_topic;
mod upstash_redis;
mod user_auth_pool;
mod web_service;
mod worker_service;

use tapedeck_config::schema::{AttributeCheck, Catalogue, ResourceType};
use tapedeck_config::{Answers, LoadOptions, Loaded};
use tapedeck_diagnostic::Source;

use catalogue::attributes::{Resolved, resolve};

pub use shared::languages::LANGUAGES;

/// Every type of resource that Stacktape has, those of this version first.
pub static TYPES: &[&ResourceType] = &[
    &bucket::TYPE,
    &dynamo_db_table::TYPE,
    &sqs_queue::TYPE,
    &sns_topic::TYPE,
    &event_bus::TYPE,
    &kinesis_stream::TYPE,
    &efs_filesystem::TYPE,
    &upstash_redis::TYPE,
    &upstash_kafka_topic::TYPE,
    &state_machine::TYPE,
    &mongo_db_atlas_cluster::TYPE,
    &hosting_bucket::TYPE,
    &http_api_gateway::TYPE,
    &worker_service::TYPE,
    &relational_database::TYPE,
    &redis_cluster::TYPE,
    &open_search_domain::TYPE,
    &function::TYPE,
    &batch_job::TYPE,
    &user_auth_pool::TYPE,
    &private_service::TYPE,
    &web_service::TYPE,
    &multi_container_workload::TYPE,
    &application_load_balancer::TYPE,
    &network_load_balancer::TYPE,
    &unsupported::AGENTCORE_BROWSER,
    &unsupported::AGENTCORE_CODE_INTERPRETER,
    &unsupported::AGENTCORE_GATEWAY,
    &unsupported::AGENTCORE_MEMORY,
    &unsupported::AGENTCORE_RUNTIME,
    &unsupported::ASTRO_WEB,
    &unsupported::AWS_CDK_CONSTRUCT,
    &unsupported::BASTION,
    &unsupported::CONVEX,
    &unsupported::CUSTOM_RESOURCE_DEFINITION,
    &unsupported::CUSTOM_RESOURCE_INSTANCE,
    &unsupported::DEPLOYMENT_SCRIPT,
    &unsupported::EDGE_LAMBDA_FUNCTION,
    &unsupported::NEXTJS_WEB,
    &unsupported::NUXT_WEB,
    &unsupported::REMIX_WEB,
    &unsupported::SOLIDSTART_WEB,
    &unsupported::SVELTEKIT_WEB,
    &unsupported::TANSTACK_WEB,
    &unsupported::WEB_APP_FIREWALL,
];

/// All types, and what is known of CloudFormation's.
pub static CATALOGUE: Catalogue = Catalogue {
    types: TYPES,
    attribute,
};

/// Reads a config file. See [`tapedeck_config::load`].
#[must_use]
pub fn load(source: &Source, options: &LoadOptions, answers: &Answers) -> Loaded {
    tapedeck_config::load(source, options, answers, &CATALOGUE)
}

fn attribute(type_name: &str, attribute: &str) -> AttributeCheck {
    match resolve(type_name, attribute) {
        Resolved::Ref | Resolved::GetAtt(_) => AttributeCheck::Known,
        Resolved::Unknown { known } => {
            AttributeCheck::Unknown(known.into_iter().map(str::to_string).collect())
        }
        Resolved::UnknownType => AttributeCheck::UnknownType,
    }
}

#[cfg(test)]
mod tests;
