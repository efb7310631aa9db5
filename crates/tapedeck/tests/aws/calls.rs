//! Which actions of IAM requests on the wire are.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tapedeck_testkit::Proxy;

/// Something before an emulator that notes what it is asked.
pub(crate) struct Watched {
    proxy: Proxy,
    seen: Arc<Mutex<BTreeSet<String>>>,
}

impl Watched {
    pub(crate) fn before(endpoint: &str) -> Self {
        let seen = Arc::new(Mutex::new(BTreeSet::new()));
        let noted = Arc::clone(&seen);
        let proxy = Proxy::watched(endpoint, move |head, body| {
            noted.lock().unwrap().extend(action(head, body));
        });
        Self { proxy, seen }
    }

    pub(crate) fn endpoint(&self) -> String {
        self.proxy.endpoint()
    }

    /// The actions so far, such as `ecs:UpdateService`.
    pub(crate) fn actions(&self) -> BTreeSet<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// The action that a request is; none where nobody is asked who may.
fn action(head: &str, body: &[u8]) -> Option<String> {
    let (line, _) = head.split_once("\r\n")?;
    let (method, rest) = line.split_once(' ')?;
    let (target, _) = rest.split_once(' ')?;
    if target.starts_with("/v2/") {
        return image(method, target).map(|name| format!("ecr:{name}"));
    }
    // `Credential=<key>/<date>/<region>/<service>/aws4_request`
    let service = head.split_once("Credential=")?.1.split('/').nth(3)?;
    let name = match service {
        "s3" => object(method, target).to_owned(),
        _ => named(head, target, body)?,
    };
    Some(format!("{service}:{name}"))
}

/// The name that stands in a header, in a form or at the end of the path, as the protocols of services have it.
fn named(head: &str, target: &str, body: &[u8]) -> Option<String> {
    let lower = head.to_ascii_lowercase();
    if let Some(at) = lower.find("x-amz-target:") {
        let value = head[at..].lines().next()?;
        return value.rsplit('.').next().map(str::to_owned);
    }
    let form = String::from_utf8_lossy(body);
    let named = form.split('&').find_map(|field| field.strip_prefix("Action="));
    let named = named.or_else(|| target.split_once("/operation/").map(|(_, name)| name));
    named.map(str::to_owned)
}

/// What is done to a bucket or an object.
fn object(method: &str, target: &str) -> &'static str {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let is_bucket = !path.trim_matches('/').contains('/');
    match (method, is_bucket) {
        ("PUT", true) if query.contains("publicAccessBlock") => "PutBucketPublicAccessBlock",
        ("PUT", true) => "CreateBucket",
        ("PUT", false) => "PutObject",
        ("DELETE", _) | ("POST", true) => "DeleteObject",
        (_, true) => "ListBucket",
        (_, false) => "GetObject",
    }
}

/// What is done to the images of a repository. Who they are is asked by the protocol of registries.
fn image(method: &str, target: &str) -> Option<&'static str> {
    let is_layer = target.contains("/blobs/");
    match method {
        "POST" => Some("InitiateLayerUpload"),
        "PATCH" => Some("UploadLayerPart"),
        "PUT" if is_layer => Some("CompleteLayerUpload"),
        "PUT" => Some("PutImage"),
        "HEAD" if is_layer => Some("BatchCheckLayerAvailability"),
        "HEAD" => Some("BatchGetImage"),
        _ => None,
    }
}
