//! `iamRoleStatements`.

use tapedeck_config::parse::Value;
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Allowed, Spanned, quoted};

/// Judges the statements of a service.
pub(crate) fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let statements = one.properties.list("iamRoleStatements");
    for statement in statements.iter().filter_map(|item| item.value.as_mapping()) {
        for key in ["Action", "Resource"] {
            let is_empty = statement
                .get(key)
                .is_some_and(|value| value.value.as_list() == Some(&[]));
            if let (true, Some(entry)) = (is_empty, statement.entry(key)) {
                scope
                    .diagnostics
                    .empty_section(entry.key.span, &format!("`{key}`"), &[]);
            }
        }
        let allows = statement.text("Effect") != Some("Deny");
        for action in statement.spanned_items("Action") {
            self::action(action, allows, scope);
        }
        for resource in statement.spanned_items("Resource") {
            self::resource(resource, scope);
        }
    }
}

fn action(action: &Spanned<Value>, allows: bool, scope: &mut Scope<'_>) {
    let Some(text) = action.value.as_text().filter(|text| !text.is_empty()) else {
        return;
    };
    if text == "*" {
        if allows {
            scope.diagnostics.unsafe_permission(action.span, "the action `*`");
        }
        return;
    }
    let well_formed = text.split_once(':').is_some_and(|(service, name)| {
        !service.is_empty()
            && service
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'*' || byte == b'?')
    });
    if !well_formed {
        let value = Spanned::new(text.to_string(), action.span);
        let advice = "an action is a service and a verb, such as 's3:GetObject'";
        scope
            .diagnostics
            .invalid_value(&value, "an item of `Action`", Allowed::Advice(advice));
    } else if allows && text.ends_with(":*") {
        scope
            .diagnostics
            .unsafe_permission(action.span, &format!("the action {}", quoted(text)));
    }
}

fn resource(resource: &Spanned<Value>, scope: &mut Scope<'_>) {
    let Some(text) = resource.value.as_text().filter(|text| !text.is_empty()) else {
        return;
    };
    let is_arn = text.starts_with("arn:") && text.split(':').count() >= 6;
    if text != "*" && !is_arn {
        let value = Spanned::new(text.to_string(), resource.span);
        let advice = "use an ARN such as 'arn:aws:s3:::photos/*', $ResourceParam('photos', 'arn'), or '*'";
        scope
            .diagnostics
            .invalid_value(&value, "an item of `Resource`", Allowed::Advice(advice));
    }
}
