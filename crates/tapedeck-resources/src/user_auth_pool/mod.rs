//! `user-auth-pool`: users who sign up and in, in Cognito.

mod check;
mod keys;
mod messages;
mod providers;

use tapedeck_config::schema::{Connectable, Parameter, ResourceType, Support, UNSUPPORTED};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "user-auth-pool",
    doc: "Users who sign up and in.",
    properties: Some(&keys::POOL),
    support: Support::Partly("an emulator keeps it, and sends no messages"),
    parameters: &[
        Parameter::text("id", "id of the pool"),
        Parameter::text("clientId", "id of the client"),
        Parameter::secret("clientSecret", "secret of the client").when(
            |properties| properties.flag("generateClientSecret"),
            "with `generateClientSecret`",
        ),
        Parameter::text("arn", "ARN of the pool"),
        Parameter::text("providerUrl", "URL of whoever issues its tokens"),
        Parameter::text("domain", "domain at which users sign in"),
    ],
    connectable: Connectable::Yes,
    check: Some(check::check),
    ..UNSUPPORTED
};
