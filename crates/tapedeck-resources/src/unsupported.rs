//! Types of resources that Stacktape has and this version has not. They are named as such, never as unknown.

use tapedeck_config::schema::{ResourceType, UNSUPPORTED};

/// A type without anything but its name.
const fn later(name: &'static str) -> ResourceType {
    ResourceType { name, ..UNSUPPORTED }
}

pub(crate) static AGENTCORE_BROWSER: ResourceType = later("agentcore-browser");
pub(crate) static AGENTCORE_CODE_INTERPRETER: ResourceType = later("agentcore-code-interpreter");
pub(crate) static AGENTCORE_GATEWAY: ResourceType = later("agentcore-gateway");
pub(crate) static AGENTCORE_MEMORY: ResourceType = later("agentcore-memory");
pub(crate) static AGENTCORE_RUNTIME: ResourceType = later("agentcore-runtime");
pub(crate) static ASTRO_WEB: ResourceType = later("astro-web");
pub(crate) static AWS_CDK_CONSTRUCT: ResourceType = later("aws-cdk-construct");
pub(crate) static BASTION: ResourceType = later("bastion");
pub(crate) static CONVEX: ResourceType = later("convex");
pub(crate) static CUSTOM_RESOURCE_DEFINITION: ResourceType = later("custom-resource-definition");
pub(crate) static CUSTOM_RESOURCE_INSTANCE: ResourceType = later("custom-resource-instance");
pub(crate) static DEPLOYMENT_SCRIPT: ResourceType = later("deployment-script");
pub(crate) static EDGE_LAMBDA_FUNCTION: ResourceType = later("edge-lambda-function");
pub(crate) static NEXTJS_WEB: ResourceType = later("nextjs-web");
pub(crate) static NUXT_WEB: ResourceType = later("nuxt-web");
pub(crate) static REMIX_WEB: ResourceType = later("remix-web");
pub(crate) static SOLIDSTART_WEB: ResourceType = later("solidstart-web");
pub(crate) static SVELTEKIT_WEB: ResourceType = later("sveltekit-web");
pub(crate) static TANSTACK_WEB: ResourceType = later("tanstack-web");
pub(crate) static WEB_APP_FIREWALL: ResourceType = later("web-app-firewall");
