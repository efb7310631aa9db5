//! What a template leaves to whoever deploys it, because nothing of ours runs in the account that could do it.

use tapedeck_model::{Data, Stack};

use crate::types::MONGO_DB_ATLAS_CLUSTER;
use crate::types::get;

/// The keys of an account at MongoDB Atlas.
const ATLAS_KEYS: [&str; 3] = ["publicKey", "privateKey", "organizationId"];

/// What is left to do, a sentence each.
#[must_use]
pub fn chores(stack: &Stack) -> Vec<String> {
    let has = |kind: &str| stack.resources.iter().any(|one| one.kind == kind);
    let setting = |path: &str| get(stack.settings.providers.as_ref()?, path);
    let mut chores = Vec::new();
    if has(MONGO_DB_ATLAS_CLUSTER) {
        let is_there = |key: &&str| setting(&format!("mongoDbAtlas.{key}")).is_some();
        if !ATLAS_KEYS.iter().all(is_there) {
            chores.push(
                "the clusters of MongoDB Atlas need an account: give `publicKey`, `privateKey` and `organizationId` in \
                 `providerConfig.mongoDbAtlas`, or have them in the configuration of the types `MongoDB::StpAtlasV1::*`"
                    .to_string(),
            );
        }
        let mode = setting("mongoDbAtlas.accessibility.accessibilityMode").and_then(Data::as_text);
        if matches!(mode, Some("vpc" | "scoping-workloads-in-vpc")) {
            chores.push(
                "MongoDB Atlas asks for a peering of its network with that of the stack: accept it once in the account, \
                 or no cluster is reached"
                    .to_string(),
            );
        }
    }
    if has("upstash-redis") && setting("upstash").is_none() {
        chores.push(
            "the databases of Upstash need an account: give `providerConfig.upstash`, or have it in the configuration of \
             the type `Upstash::DatabasesV1::Database`"
                .to_string(),
        );
    }
    chores
}
