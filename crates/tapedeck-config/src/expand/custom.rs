//! The section `directives`: directives of the project's own.

use std::collections::BTreeMap;

use tapedeck_diagnostic::{Allowed, Diagnostics, Span, Spanned};

use crate::directive::{self, CODE_EXTENSIONS, extension, with_handler};
use crate::parse::{Mapping, Value};

/// A directive of the project's own.
#[derive(Debug, Clone)]
pub(crate) struct CustomDirective {
    /// The file of its function.
    pub(crate) path: String,
    /// The function; the default one when there is none.
    pub(crate) handler: Option<String>,
}

/// Whether a call of it is read as one.
fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(is_part) && !name.starts_with(|letter: char| letter.is_ascii_digit())
}

/// The directives that a file defines. What is wrong with a definition is told here, its shape by `check`.
pub(super) fn defined(
    root: &Spanned<Value>,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<String, CustomDirective> {
    let mut defined = BTreeMap::new();
    let mut places: BTreeMap<String, Span> = BTreeMap::new();
    let section = root
        .value
        .as_mapping()
        .and_then(|mapping| mapping.get("directives"));
    let Some(Value::List(items)) = section.map(|section| &section.value) else {
        return defined;
    };
    for item in items.iter().filter_map(|item| item.value.as_mapping()) {
        let Some((name, path)) = text(item, "name").zip(text(item, "filePath")) else {
            continue;
        };
        if !is_name(&name.value) {
            let better = tapedeck_model::naming::camel_case(&name.value);
            let rule = "use letters, digits and `_`, and begin with no digit";
            diagnostics.invalid_name(&name, "name of a directive", rule, better.as_deref());
            continue;
        }
        if directive::builtin(&name.value).is_some() {
            diagnostics.reserved_name(&name, "a directive", "a directive of the language has this name");
            continue;
        }
        if let Some(first) = places.insert(name.value.clone(), name.span) {
            diagnostics.duplicate_name(&name, "directive", first);
            continue;
        }
        let (file, handler) = with_handler(&path.value);
        if !CODE_EXTENSIONS.contains(&extension(file)) {
            let advice = "use a file in JavaScript, TypeScript or Python, such as directives.ts:myFunction";
            diagnostics.invalid_value(&path, "`filePath`", Allowed::Advice(advice));
            continue;
        }
        let directive = CustomDirective {
            path: file.to_string(),
            handler: handler.map(str::to_string),
        };
        defined.insert(name.value, directive);
    }
    defined
}

fn text(mapping: &Mapping, key: &str) -> Option<Spanned<String>> {
    let value = mapping.get(key)?;
    let text = value.value.as_text()?;
    Some(Spanned::new(text.to_string(), value.span))
}
