//! The reference says everything that the schema says.

use std::collections::HashSet;

use crate::reference_markdown;
use crate::schema::{Kind, Object, ROOT};

#[test]
fn every_key_has_a_row() {
    let page = reference_markdown();
    let mut seen = HashSet::new();
    visit(&ROOT, &mut seen, &mut |object| {
        for key in object.keys {
            assert!(
                page.contains(&format!("| `{}`", key.name)),
                "{} of {}",
                key.name,
                object.name
            );
            assert!(!key.doc.is_empty(), "{} of {} has no doc", key.name, object.name);
        }
        let names: HashSet<&str> = object.key_names().into_iter().collect();
        assert_eq!(names.len(), object.keys.len(), "{} has a key twice", object.name);
    });
    assert!(seen.len() >= 10, "{seen:?}");
}

#[test]
fn the_reference_tells_types_defaults_and_support() {
    let page = reference_markdown();
    for row in [
        "## The file",
        "## `resources.<name>.properties (type: worker-service)`",
        "| `stopTimeout` | whole number, 2 to 120 | `2` | seconds between SIGTERM and SIGKILL",
        "| `cpu` (required without `instanceTypes`) | 0.25, 0.5, 1, 2, 4, 8, 16 |",
        "| `connectTo` | – |",
        "Values of `resources.<name>.type`: `worker-service`. Not supported yet: `application-load-balancer`,",
    ] {
        assert!(page.contains(row), "{row} is not in\n{page}");
    }
}

fn visit(object: &'static Object, seen: &mut HashSet<&'static str>, look: &mut dyn FnMut(&'static Object)) {
    if !seen.insert(object.name) {
        return;
    }
    look(object);
    for key in object.keys {
        match key.kind {
            Kind::Object(inner) | Kind::MapOf(inner) | Kind::Environment(inner) => visit(inner, seen, look),
            Kind::Branch(branch) => branch
                .cases
                .iter()
                .for_each(|case| visit(case.object, seen, look)),
            _ => {}
        }
    }
}
