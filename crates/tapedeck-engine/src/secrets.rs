//! The variables of a task that are made of secrets: asked for when it starts, and handed on in memory alone.
//!
//! What comes from here goes into the definition that the shim gets, and nowhere else. What fails is told without
//! any value.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tapedeck_local::secrets::SecretStore;
use tapedeck_model::{SecretReference, SecretTemplate};

/// The values of some variables, of what the store of that folder holds now.
pub(crate) fn values(
    folder: &Path,
    templates: &BTreeMap<String, SecretTemplate>,
) -> Result<BTreeMap<String, String>, String> {
    if templates.is_empty() {
        return Ok(BTreeMap::new());
    }
    let references: BTreeSet<&SecretReference> =
        templates.values().flat_map(SecretTemplate::references).collect();
    let store = SecretStore::open(folder)
        .map_err(|error| format!("{}; {}", crate::chain(&error), error.way_out()))?;
    let known = store.resolve_all(references).map_err(|failures| {
        let told = failures.iter().map(|(reference, error)| {
            let users = users(templates, reference);
            format!("{} (for {users}); {}", crate::chain(error), error.way_out())
        });
        told.collect::<Vec<_>>().join("; ")
    })?;
    let filled = templates.iter().map(|(variable, template)| {
        let value = template.fill(|reference| {
            let value = known.get(reference).cloned();
            value.ok_or_else(|| format!("there is no value for `{reference}`"))
        })?;
        // The kernel ends a variable there, and what is made of that would be somebody else's riddle.
        if value.contains('\0') {
            return Err(format!(
                "the value for {variable} has a zero byte in it, which no variable can have"
            ));
        }
        Ok((variable.clone(), value))
    });
    filled.collect()
}

/// The variables that need a secret.
fn users(templates: &BTreeMap<String, SecretTemplate>, wanted: &SecretReference) -> String {
    let users = templates
        .iter()
        .filter(|(_, template)| template.references().any(|reference| reference == wanted));
    let names: Vec<&str> = users.map(|(variable, _)| variable.as_str()).collect();
    names.join(", ")
}
