//! The keys of a `user-auth-pool`. Source of ranges: API reference of Cognito user pools.

use tapedeck_config::schema::{Kind, OBJECT, Object, Pattern, Range};

use super::messages::{EMAIL, INVITATION, VERIFICATION};
use super::providers::PROVIDER;
use crate::shared::cdn::USE_FIREWALL;
use crate::shared::domains::CUSTOM_DOMAIN;
use crate::shared::key::{
    Key, defaulting, flag, key, late, list, number, pattern, required, section, such_as, text, word,
};
use crate::shared::patterns::ARN;

/// `properties` of a resource of type `user-auth-pool`.
pub(super) static POOL: Object = Object {
    name: "a user pool",
    doc: "Users who sign up and in.",
    keys: &[
        defaulting(
            "true",
            key(
                "allowEmailAsUserName",
                Kind::Boolean,
                "whether users sign in by their address",
            ),
        ),
        defaulting(
            "true",
            key(
                "allowPhoneNumberAsUserName",
                Kind::Boolean,
                "whether users sign in by their phone number",
            ),
        ),
        flag(
            "allowOnlyAdminsToCreateAccount",
            "whether nobody signs up, and administrators make the accounts",
        ),
        flag(
            "allowOnlyExternalIdentityProviders",
            "whether users sign in through `identityProviders` only",
        ),
        defaulting(
            "31",
            number(
                "unusedAccountValidityDays",
                &UNUSED_DAYS,
                "days for which an account that an administrator made waits for its user",
            ),
        ),
        defaulting(
            "email-code",
            word(
                "userVerificationType",
                &["email-link", "email-code", "sms", "none"],
                "how users prove that an address or number is theirs",
            ),
        ),
        section(
            "userVerificationMessageConfig",
            &VERIFICATION,
            "the messages for that",
        ),
        section(
            "inviteMessageConfig",
            &INVITATION,
            "the message about an account that was made for a user",
        ),
        section("emailConfiguration", &EMAIL, "how mails are sent"),
        key(
            "requireEmailVerification",
            Kind::Boolean,
            "reserved: `userVerificationType` decides",
        ),
        key(
            "requirePhoneNumberVerification",
            Kind::Boolean,
            "reserved: `userVerificationType` decides",
        ),
        section("mfaConfiguration", &MFA, "second factors"),
        section("passwordPolicy", &PASSWORDS, "what passwords have to be like"),
        list(
            "schema",
            &ATTRIBUTE,
            "attributes of users beside those that all have",
        ),
        defaulting(
            "3600",
            number(
                "accessTokenValiditySeconds",
                &TOKEN,
                "seconds for which an access token holds",
            ),
        ),
        defaulting(
            "3600",
            number(
                "idTokenValiditySeconds",
                &TOKEN,
                "seconds for which an ID token holds",
            ),
        ),
        defaulting(
            "30",
            number(
                "refreshTokenValidityDays",
                &REFRESH,
                "days for which new tokens can be had without signing in again",
            ),
        ),
        defaulting(
            "[code, implicit]",
            key(
                "allowedOAuthFlows",
                Kind::TextsOneOf(&["code", "implicit", "client_credentials"]),
                "flows of OAuth 2.0 that the client may use",
            ),
        ),
        defaulting(
            "[email, openid, profile]",
            key("allowedOAuthScopes", Kind::Texts, "what clients may ask for"),
        ),
        defaulting(
            "['http://localhost:3000/api/auth/callback/cognito']",
            late(key(
                "callbackURLs",
                Kind::Patterns(&REDIRECT),
                "where users are sent to once they are signed in",
            )),
        ),
        late(key(
            "logoutURLs",
            Kind::Patterns(&REDIRECT),
            "where users are sent to once they are signed out",
        )),
        flag(
            "generateClientSecret",
            "whether the client has a secret, for servers that can keep one",
        ),
        list("identityProviders", &PROVIDER, "others that vouch for users"),
        flag("enableHostedUi", "whether there is a page for signing up and in"),
        pattern(
            "hostedUiDomainPrefix",
            &PREFIX,
            "how the domain of that page begins; when left out, with the names of the stack and of the pool",
        ),
        text("hostedUiCSS", "CSS of that page"),
        section(
            "customDomain",
            &CUSTOM_DOMAIN,
            "a domain of one's own for that page",
        ),
        section("hooks", &HOOKS, "functions that are called on the way"),
        USE_FIREWALL,
    ],
    ..OBJECT
};

static UNUSED_DAYS: Range = Range {
    min: 0,
    max: 365,
    advice: "use 0 to 365 days",
};

static TOKEN: Range = Range {
    min: 300,
    max: 86_400,
    advice: "use 300 seconds (5 minutes) to 86400 (a day)",
};

static REFRESH: Range = Range {
    min: 1,
    max: 3650,
    advice: "use 1 to 3650 days",
};

static REDIRECT: Pattern = Pattern {
    name: "a URL",
    holds: |text| {
        text.split_once("://").is_some_and(|(scheme, rest)| {
            let is_local = rest.starts_with("localhost") || rest.starts_with("127.0.0.1");
            !scheme.is_empty() && !rest.is_empty() && !rest.contains('#') && (scheme != "http" || is_local)
        })
    },
    advice: "use a URL with https:// (http:// is for localhost only) and without `#`",
    regex: "^[A-Za-z][A-Za-z0-9+.-]*://[^#]+$",
};

static PREFIX: Pattern = Pattern {
    name: "the beginning of a domain",
    holds: |text| {
        (1..=63).contains(&text.len())
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !["aws", "amazon", "cognito"]
                .iter()
                .any(|word| text.contains(word))
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    },
    advice: "use up to 63 lower-case letters, digits and `-`, without `aws`, `amazon` or `cognito` in it",
    regex: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
};

static MFA: Object = Object {
    name: "`mfaConfiguration`",
    doc: "Second factors that users sign in with.",
    keys: &[
        defaulting(
            "OFF",
            word(
                "status",
                &["OFF", "ON", "OPTIONAL"],
                "whether users need one, or may have one",
            ),
        ),
        key(
            "enabledTypes",
            Kind::TextsOneOf(&["SMS", "SOFTWARE_TOKEN", "EMAIL_OTP"]),
            "which ones: messages, apps for codes, mails",
        ),
    ],
    ..OBJECT
};

static PASSWORDS: Object = Object {
    name: "`passwordPolicy`",
    doc: "What passwords have to be like.",
    keys: &[
        number(
            "minimumLength",
            &LENGTH,
            "the least number of characters; when left out, 8",
        ),
        key(
            "requireLowercase",
            Kind::Boolean,
            "whether a small letter is needed",
        ),
        key("requireUppercase", Kind::Boolean, "whether a capital is needed"),
        key("requireNumbers", Kind::Boolean, "whether a digit is needed"),
        key("requireSymbols", Kind::Boolean, "whether a sign is needed"),
        number(
            "temporaryPasswordValidityDays",
            &TEMPORARY_DAYS,
            "days for which a password that an administrator gave holds; when left out, 7",
        ),
    ],
    ..OBJECT
};

static LENGTH: Range = Range {
    min: 6,
    max: 99,
    advice: "use 6 to 99 characters",
};

static TEMPORARY_DAYS: Range = Range {
    min: 0,
    max: 365,
    advice: "use 0 to 365 days",
};

static ATTRIBUTE: Object = Object {
    name: "an attribute",
    doc: "An attribute of users.",
    keys: &[
        such_as("tenantId", required(pattern("name", &ATTRIBUTE_NAME, "its name"))),
        word(
            "attributeDataType",
            &["String", "Number", "DateTime", "Boolean"],
            "its type; when left out, String",
        ),
        key("mutable", Kind::Boolean, "whether it can be changed"),
        key(
            "required",
            Kind::Boolean,
            "whether every user has it; only of the attributes of OpenID",
        ),
        key(
            "developerOnlyAttribute",
            Kind::Boolean,
            "whether only administrators can change it",
        ),
        key("numberMinValue", Kind::Scalar, "the least number"),
        key("numberMaxValue", Kind::Scalar, "the greatest number"),
        number("stringMinLength", &CHARACTERS, "the least number of characters"),
        number(
            "stringMaxLength",
            &CHARACTERS,
            "the greatest number of characters",
        ),
    ],
    ..OBJECT
};

static ATTRIBUTE_NAME: Pattern = Pattern {
    name: "the name of an attribute",
    holds: |text| (1..=20).contains(&text.chars().count()) && !text.contains(char::is_whitespace),
    advice: "use 1 to 20 characters without spaces",
    regex: "^\\S{1,20}$",
};

static CHARACTERS: Range = Range {
    min: 0,
    max: 2048,
    advice: "use 0 to 2048 characters",
};

static HOOKS: Object = Object {
    name: "`hooks`",
    doc: "Functions that are called on the way, each by its ARN.",
    keys: &[
        hook("preSignUp", "before a user signs up; can refuse"),
        hook("postConfirmation", "once a user has confirmed an account"),
        hook("preAuthentication", "before a user signs in; can refuse"),
        hook("postAuthentication", "once a user has signed in"),
        hook(
            "preTokenGeneration",
            "before tokens are issued; can change what they say",
        ),
        hook(
            "userMigration",
            "when somebody unknown signs in; can bring the account along",
        ),
        hook("customMessage", "before a message is sent; can change it"),
        hook(
            "defineAuthChallenge",
            "decides which challenge a user has to meet",
        ),
        hook("createAuthChallenge", "makes a challenge"),
        hook("verifyAuthChallengeResponse", "judges the answer to a challenge"),
    ],
    ..OBJECT
};

const fn hook(name: &'static str, doc: &'static str) -> Key {
    such_as(
        "$ResourceParam('function', 'arn')",
        late(pattern(name, &ARN, doc)),
    )
}
