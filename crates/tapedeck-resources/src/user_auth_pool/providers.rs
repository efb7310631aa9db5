//! `identityProviders` of a `user-auth-pool`.

use tapedeck_config::schema::{Kind, OBJECT, Object};

use crate::shared::key::{key, late, late_text, required, texts, word};

pub(super) static PROVIDER: Object = Object {
    name: "an identity provider",
    doc: "Somebody else who vouches for users.",
    keys: &[
        required(word(
            "type",
            &[
                "Google",
                "Facebook",
                "LoginWithAmazon",
                "SignInWithApple",
                "OIDC",
                "SAML",
            ],
            "who it is, or which protocol it speaks",
        )),
        late_text("clientId", "id under which the pool is known there"),
        late_text("clientSecret", "secret of that id, best as a `$Secret()`"),
        key(
            "attributeMapping",
            Kind::MapOfScalars,
            "attributes of users, each with what it is called there; when left out, only `email`",
        ),
        texts("authorizeScopes", "what is asked for there"),
        late(key(
            "providerDetails",
            Kind::AnyMapping,
            "further settings, as Cognito calls them, such as `oidc_issuer`",
        )),
    ],
    ..OBJECT
};
