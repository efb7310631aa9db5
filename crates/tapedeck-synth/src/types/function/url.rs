//! The URL of a function, and who may call it.

use serde_json::{Value, json};

use super::Target;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::template::Resource;

/// Whether there is one.
pub(super) fn is_on(function: &Target<'_>) -> bool {
    function.flag("url.enabled")
}

/// Adds it.
pub(super) fn add(function: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    if !is_on(function) {
        return Ok(());
    }
    let mode = function.text("url.authMode").unwrap_or("NONE");
    let is_streamed = function.flag("url.responseStreamEnabled");
    let mut url = json!({
        "AuthType": mode,
        "InvokeMode": if is_streamed { "RESPONSE_STREAM" } else { "BUFFERED" },
        "TargetFunctionArn": function.attribute("Function", "Arn"),
    });
    if function.flag("url.cors.enabled") {
        url["Cors"] = cors(function, assembly)?;
    }
    assembly.add(&function.id("Url"), Resource::new("AWS::Lambda::Url", url));
    if mode == "NONE" {
        add_permissions(function, assembly);
    }
    Ok(())
}

/// Whoever calls the URL needs both: to call URLs, and to call the function by one.
fn add_permissions(function: &Target<'_>, assembly: &mut Assembly<'_>) {
    let permission = |rest: &Value| {
        let mut properties = json!({
            "FunctionName": function.attribute("Function", "Arn"),
            "Principal": "*",
        });
        for (key, value) in rest.as_object().into_iter().flatten() {
            properties[key] = value.clone();
        }
        Resource::new("AWS::Lambda::Permission", properties)
    };
    let of_url = json!({ "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE" });
    assembly.add(&function.id("PublicUrlPermission"), permission(&of_url));
    let by_url = json!({ "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": true });
    assembly.add(&function.id("PublicUrlInvokePermission"), permission(&by_url));
}

fn cors(function: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Value, SynthError> {
    let lists = [
        ("allowedOrigins", "AllowOrigins"),
        ("allowedHeaders", "AllowHeaders"),
        ("allowedMethods", "AllowMethods"),
        ("exposedResponseHeaders", "ExposeHeaders"),
    ];
    let mut cors = json!({});
    for (key, property) in lists {
        let items = function.items(&format!("url.cors.{key}"));
        let items: Result<Vec<Value>, SynthError> = items.iter().map(|item| assembly.data(item)).collect();
        let items = items?;
        if !items.is_empty() {
            cors[property] = Value::Array(items);
        }
    }
    if cors["AllowOrigins"].is_null() {
        cors["AllowOrigins"] = json!(["*"]);
    }
    if cors["AllowMethods"].is_null() {
        cors["AllowMethods"] = json!(["*"]);
    }
    if function.flag("url.cors.allowCredentials") {
        cors["AllowCredentials"] = Value::from(true);
    }
    if let Some(seconds) = function.number("url.cors.maxAge") {
        cors["MaxAge"] = Value::from(seconds);
    }
    Ok(cors)
}
