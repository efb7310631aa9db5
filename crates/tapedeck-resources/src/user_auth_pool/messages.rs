//! What a `user-auth-pool` writes to users.

use tapedeck_config::schema::{OBJECT, Object};

use crate::shared::key::{late, late_text, pattern, text};
use crate::shared::patterns::ARN;

pub(super) static EMAIL: Object = Object {
    name: "`emailConfiguration`",
    doc: "How mails are sent; without it by Cognito itself.",
    keys: &[
        late(pattern(
            "sesAddressArn",
            &ARN,
            "ARN of the verified address or domain of SES that they are sent from",
        )),
        late_text("from", "address that they come from"),
        late_text("replyToEmailAddress", "address that answers go to"),
    ],
    ..OBJECT
};

pub(super) static INVITATION: Object = Object {
    name: "`inviteMessageConfig`",
    doc: "The message about an account that was made for a user. `{username}` and `{####}` stand for name and password.",
    keys: &[
        text("emailMessage", "text of the mail"),
        text("emailSubject", "subject of the mail"),
        text("smsMessage", "text of the short message"),
    ],
    ..OBJECT
};

pub(super) static VERIFICATION: Object = Object {
    name: "`userVerificationMessageConfig`",
    doc: "The messages that prove whose an address or number is. `{####}` stands for the code.",
    keys: &[
        text("emailMessageUsingCode", "text of the mail with a code"),
        text("emailSubjectUsingCode", "subject of the mail with a code"),
        text("emailMessageUsingLink", "text of the mail with a link"),
        text("emailSubjectUsingLink", "subject of the mail with a link"),
        text("smsMessage", "text of the short message"),
    ],
    ..OBJECT
};
