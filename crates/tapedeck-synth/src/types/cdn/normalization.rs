//! Paths as people write them: a function of CloudFront that completes them to the names of files.

use serde_json::{Value, json};
use tapedeck_model::Data;

use crate::assembly::Assembly;
use crate::intrinsic::attribute;
use crate::template::Resource;
use crate::types::Target;
use crate::types::target::get;

/// The function, which all distributions of a stack share.
const FUNCTION: &str = "StpCdnUrlNormalizationFunction";

/// `/about` is the file `/about.html`, and `/about/` is `/about/index.html`. The root has a document of its own.
const CODE: &str = "function handler(event) {
  var request = event.request;
  var name = request.uri.slice(request.uri.lastIndexOf('/') + 1);
  if (request.uri !== '/' && name === '') {
    request.uri += 'index.html';
  } else if (name !== '' && !name.includes('.')) {
    request.uri += '.html';
  }
  return request;
}
";

/// Has paths completed in a behaviour that shows files, unless the config says otherwise.
///
/// What leads everything unknown to one page needs no names of files.
pub(super) fn add(
    bucket: &Target<'_>,
    route: Option<&Data>,
    behaviour: &mut Value,
    assembly: &mut Assembly<'_>,
) {
    let is_disabled = match route.filter(|route| get(route, "routeTo").is_some()) {
        Some(route) => {
            let own = get(route, "routeTo.properties.disableUrlNormalization");
            matches!(own, Some(Data::Boolean(true)))
        }
        None => {
            bucket.flag("cdn.disableUrlNormalization") || bucket.flag("cdn.rewriteRoutesForSinglePageApp")
        }
    };
    if is_disabled {
        return;
    }
    let name = crate::naming::within(format!("{}-url-normalization", assembly.names.stack), 64);
    let function = json!({
        "AutoPublish": true,
        "FunctionCode": CODE,
        "FunctionConfig": { "Comment": "Completes paths to the names of files", "Runtime": "cloudfront-js-2.0" },
        "Name": name,
    });
    assembly.add(FUNCTION, Resource::new("AWS::CloudFront::Function", function));
    behaviour["FunctionAssociations"] =
        json!([{ "EventType": "viewer-request", "FunctionARN": attribute(FUNCTION, "FunctionARN") }]);
}
