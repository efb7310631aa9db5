//! What a pool writes to users, and how.

use serde_json::{Map, Value, json};

use super::some;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::types::Target;

/// The keys of an invitation, each with its property.
const INVITATION: [(&str, &str); 3] = [
    ("emailMessage", "EmailMessage"),
    ("emailSubject", "EmailSubject"),
    ("smsMessage", "SMSMessage"),
];

/// The keys of messages that prove whose an address is, each with its property.
const VERIFICATION: [(&str, &str); 5] = [
    ("emailMessageUsingCode", "EmailMessage"),
    ("emailSubjectUsingCode", "EmailSubject"),
    ("emailMessageUsingLink", "EmailMessageByLink"),
    ("emailSubjectUsingLink", "EmailSubjectByLink"),
    ("smsMessage", "SmsMessage"),
];

/// How mails are sent.
pub(super) fn mail(pool: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Value, SynthError> {
    let own = pool.get("emailConfiguration.sesAddressArn");
    let account = if own.is_some() {
        "DEVELOPER"
    } else {
        "COGNITO_DEFAULT"
    };
    let mut mail = json!({ "EmailSendingAccount": account });
    for (key, property) in [
        ("sesAddressArn", "SourceArn"),
        ("from", "From"),
        ("replyToEmailAddress", "ReplyToEmailAddress"),
    ] {
        if let Some(value) = pool.get(&format!("emailConfiguration.{key}")) {
            mail[property] = assembly.data(value)?;
        }
    }
    Ok(mail)
}

/// The message about an account that was made for a user.
pub(super) fn invitation(pool: &Target<'_>) -> Map<String, Value> {
    some(pool.get("inviteMessageConfig"), &INVITATION)
}

/// Says how users prove that an address or number is theirs.
pub(super) fn add_verification(pool: &Target<'_>, properties: &mut Value) {
    let kind = pool.text("userVerificationType").unwrap_or("email-code");
    match kind {
        "none" => {}
        "sms" => properties["AutoVerifiedAttributes"] = json!(["phone_number"]),
        _ => properties["AutoVerifiedAttributes"] = json!(["email"]),
    }
    let mut template = some(pool.get("userVerificationMessageConfig"), &VERIFICATION);
    if kind == "email-link" {
        template.insert("DefaultEmailOption".to_string(), Value::from("CONFIRM_WITH_LINK"));
    }
    if !template.is_empty() {
        properties["VerificationMessageTemplate"] = Value::Object(template);
    }
}
