//! What a generated client says of itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// Files that begin a generated client, whichever generator and version made it.
const FILES: &[&str] = &[
    "index.js",
    "internal/class.ts",
    "internal/class.js",
    "internal/class.mts",
    "client.ts",
];

/// Files beside a bundle that a client reads at run time: each with its path below `/app`.
pub(in crate::javascript) type Companions = BTreeMap<String, PathBuf>;

/// The text of the client in a folder, if there is one.
pub(super) fn text_of(folder: &Path) -> Option<String> {
    let texts = FILES
        .iter()
        .filter_map(|name| fs::read_to_string(folder.join(name)).ok());
    texts.into_iter().find(|text| text.contains("\"clientVersion\""))
}

/// Whether a client is of this version.
pub(super) fn says_version(text: &str, version: &str) -> bool {
    text.contains(&format!("\"clientVersion\": \"{version}\""))
}

/// Whether a client was made of this text, among others: it repeats them, possibly in other lines.
pub(super) fn says_schema(text: &str, schema: &str) -> bool {
    let Some((_, after)) = text.split_once("\"inlineSchema\": ") else {
        return false;
    };
    let mut inline = serde_json::Deserializer::from_str(after).into_iter::<String>();
    let inline = inline.next().and_then(Result::ok).unwrap_or_default();
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    bare(&inline).contains(&bare(schema))
}

/// What clients among the files of a bundle read at run time. They say it in lines that are for bundlers: paths relative to
/// the folder of the project, where they look once they are bundled.
pub(in crate::javascript) fn companions(inputs: &[PathBuf]) -> Companions {
    let mut found = Companions::new();
    let clients = inputs.iter().filter(|input| {
        let name = input.file_name().map(|name| name.to_string_lossy());
        matches!(
            name.as_deref(),
            Some("index.js" | "client.ts" | "client.js" | "class.ts")
        )
    });
    for input in clients {
        let Ok(text) = fs::read_to_string(input) else {
            continue;
        };
        let Some(folder) = input.parent() else { continue };
        for path in annotated(&text) {
            let Some(place) = Path::new(path).parent() else {
                continue;
            };
            add(folder, place, &mut found);
        }
    }
    found
}

/// Paths in lines such as `path.join(process.cwd(), "src/client/schema.prisma")`.
pub(super) fn annotated(client: &str) -> impl Iterator<Item = &str> {
    let is_inside = |path: &&str| !path.starts_with('/') && !path.split('/').any(|part| part == "..");
    client
        .lines()
        .filter_map(|line| {
            line.trim()
                .strip_prefix("path.join(process.cwd(), \"")?
                .split('"')
                .next()
        })
        .filter(is_inside)
}

/// All that a client may read of its folder.
fn add(folder: &Path, place: &Path, found: &mut Companions) {
    let Ok(items) = fs::read_dir(folder) else { return };
    for path in items.filter_map(|item| Some(item.ok()?.path())) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_read = name == "schema.prisma"
            || name.starts_with("query-engine-")
            || path
                .extension()
                .is_some_and(|extension| extension == "node" || extension == "wasm");
        if is_read && path.is_file() {
            found.insert(place.join(name).to_string_lossy().into_owned(), path);
        }
    }
}
