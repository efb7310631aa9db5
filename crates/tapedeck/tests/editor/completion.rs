//! What an editor offers.

use crate::{Editor, GOOD};

/// Up to the properties of a worker service.
const PROPERTIES: &str = "\
resources:
  mailer:
    type: worker-service
    properties:
";

#[test]
fn keys_are_offered_where_they_belong() {
    let Some(mut editor) = Editor::new() else { return };
    let offered = editor.offered(&format!("{PROPERTIES}      ‸\n"));
    for key in ["packaging", "scaling", "environment", "stopTimeout"] {
        assert!(
            offered.iter().any(|label| label == key),
            "{key} is not in {offered:?}"
        );
    }
    assert!(!offered.iter().any(|label| label == "port"), "{offered:?}");
    let offered = editor.offered(&format!("{GOOD}      scaling:\n        ‸\n"));
    assert_eq!(offered, ["maxInstances", "minInstances", "scalingPolicy"]);
    let offered = editor.offered(&format!(
        "{PROPERTIES}      packaging:\n        type: custom-dockerfile\n        properties:\n          ‸\n"
    ));
    assert!(
        offered.iter().any(|label| label == "buildContextPath"),
        "{offered:?}"
    );
    assert!(
        !offered.iter().any(|label| label == "entryfilePath"),
        "{offered:?}"
    );
}

#[test]
fn values_are_offered_where_they_belong() {
    let Some(mut editor) = Editor::new() else { return };
    let offered = editor.offered(&format!("{PROPERTIES}      packaging:\n        type: ‸\n"));
    let kinds = [
        "stacktape-image-buildpack",
        "custom-dockerfile",
        "external-buildpack",
        "nixpacks",
        "prebuilt-image",
    ];
    assert_eq!(offered, kinds);
    let offered = editor.offered("resources:\n  mailer:\n    type: ‸\n");
    for kind in ["worker-service", "sqs-queue"] {
        assert!(
            offered.iter().any(|label| label == kind),
            "{kind} is not in {offered:?}"
        );
    }
    let offered = editor.offered(&GOOD.replace("0.25", "‸"));
    assert_eq!(offered, ["0.25", "0.5", "1", "2", "4", "8", "16"]);
}
