"""`user-auth-pool`: `cognito-idp:*` on it. `aws:ses`: `ses:*` on everything."""

from .words import Call, Differs, Target

UNKNOWN = Differs("ministack does not know the operation", allowed="InvalidAction")
P = {"UserPoolId": "$id"}
U = {**P, "Username": "$run@example.com"}
G = {**P, "GroupName": "g"}
C = {**P, "ClientId": "$client"}
R = {**P, "Identifier": "https://example.com"}

POOL_GRANTED = [
    Call("describe_user_pool", P),
    Call("list_users", P),
    Call(
        "admin_create_user",
        {
            **U,
            "MessageAction": "SUPPRESS",
            "TemporaryPassword": "Temporary-1",
            "UserAttributes": [{"Name": "email", "Value": "$run@example.com"}],
        },
    ),
    Call("admin_get_user", U),
    Call("admin_set_user_password", {**U, "Password": "Permanent-1", "Permanent": True}),
    Call("admin_update_user_attributes", {**U, "UserAttributes": [{"Name": "name", "Value": "n"}]}),
    Call("admin_delete_user_attributes", {**U, "UserAttributeNames": ["name"]}, differs=UNKNOWN),
    Call("create_group", G),
    Call("get_group", G),
    Call("list_groups", P),
    Call("update_group", {**G, "Description": "d"}, differs=UNKNOWN),
    Call("admin_add_user_to_group", {**U, "GroupName": "g"}),
    Call("admin_list_groups_for_user", U),
    Call("list_users_in_group", G),
    Call("admin_remove_user_from_group", {**U, "GroupName": "g"}),
    Call("delete_group", G),
    Call("admin_disable_user", U),
    Call("admin_enable_user", U),
    Call("admin_user_global_sign_out", U),
    Call("create_user_pool_client", {**P, "ClientName": "matrix"}, keep={"client": "UserPoolClient.ClientId"}),
    Call("describe_user_pool_client", C),
    Call("list_user_pool_clients", P),
    Call("update_user_pool_client", {**C, "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}),
    Call(
        "admin_initiate_auth",
        {
            **C,
            "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": "$run@example.com", "PASSWORD": "Permanent-1"},
        },
    ),
    Call("delete_user_pool_client", C),
    Call("create_resource_server", {**R, "Name": "matrix"}),
    Call("describe_resource_server", R),
    Call("list_resource_servers", P),
    Call("delete_resource_server", R),
    Call("list_identity_providers", P),
    Call("get_user_pool_mfa_config", P),
    Call("list_tags_for_resource", {"ResourceArn": "$arn"}),
    Call("admin_delete_user", U),
]

POOL_ENDING = [
    Call("delete_user_pool", P),
    Call("update_user_pool", P),
    Call("set_user_pool_mfa_config", {**P, "MfaConfiguration": "OFF"}),
    Call("tag_resource", {"ResourceArn": "$arn", "Tags": {"a": "b"}}),
    Call("untag_resource", {"ResourceArn": "$arn", "TagKeys": ["a"]}),
]

FROM = "sender@example.com"
TO = {"ToAddresses": ["receiver@example.com"]}
MAIL = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}
V2 = {"service": "sesv2"}

MAIL_GRANTED = [
    Call("verify_email_identity", {"EmailAddress": FROM}),
    Call("get_identity_verification_attributes", {"Identities": [FROM]}),
    Call("list_identities"),
    Call("get_send_quota"),
    Call("get_send_statistics"),
    Call("send_email", {"Source": FROM, "Destination": TO, "Message": MAIL}),
    Call(
        "send_raw_email",
        {"Source": FROM, "Destinations": ["receiver@example.com"], "RawMessage": {"Data": b"Subject: s\n\nb"}},
    ),
    Call("send_email", {"Source": "nobody@example.org", "Destination": TO, "Message": MAIL}, gives="MessageRejected", label="from somebody unknown"),
    Call("create_template", {"Template": {"TemplateName": "t-$run", "SubjectPart": "s", "TextPart": "b"}}),
    Call("send_templated_email", {"Source": FROM, "Destination": TO, "Template": "t-$run", "TemplateData": "{}"}),
    Call("list_templates"),
    Call("delete_template", {"TemplateName": "t-$run"}),
    Call("create_configuration_set", {"ConfigurationSet": {"Name": "c-$run"}}),
    Call("delete_configuration_set", {"ConfigurationSetName": "c-$run"}),
    Call("create_email_identity", {"EmailIdentity": "$run@example.com"}, **V2),
    Call("get_email_identity", {"EmailIdentity": "$run@example.com"}, **V2),
    Call("list_email_identities", **V2),
    Call("get_account", **V2),
    Call(
        "send_email",
        {"FromEmailAddress": FROM, "Destination": TO, "Content": {"Simple": MAIL}},
        label="version 2",
        **V2,
    ),
    Call("delete_email_identity", {"EmailIdentity": "$run@example.com"}, **V2),
    Call("delete_identity", {"Identity": "$run@example.com"}),
]

TARGETS = [
    Target("cognito-idp", "people", "twinPeople", POOL_GRANTED, [], POOL_ENDING),
    Target("ses", "aws:ses", None, MAIL_GRANTED),
]
