//! What an editor tells about what is under the cursor.

use crate::{Editor, GOOD};

#[test]
fn a_key_is_explained_with_its_default() {
    let Some(mut editor) = Editor::new() else { return };
    let told = editor.told(&format!("{GOOD}      scaling: {{ min‸Instances: 2 }}\n"));
    assert!(told.contains("The least number of instances."), "{told}");
    assert!(told.contains("Default: `1`"), "{told}");
}

#[test]
fn a_type_is_explained() {
    let Some(mut editor) = Editor::new() else { return };
    let told = editor.told(&GOOD.replace("worker-service", "worker-‸service"));
    assert!(
        told.contains(
            "`worker-service`: A container that runs continuously and cannot be reached from outside."
        ),
        "{told}"
    );
}
