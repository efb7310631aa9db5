//! The reference says everything that the tables say.

use super::tables::CATALOGUE;
use crate::directive::BUILTINS;
use crate::schema::ROOT;
use crate::{directives_markdown, reference_markdown, resource_markdown};

#[test]
fn the_page_of_a_type_has_a_row_for_each_key() {
    let page = resource_markdown(CATALOGUE.find("queue").expect("it is there"));
    for part in [
        "# `queue`\n\nMessages that wait.\n",
        "This machine cannot run it yet: queues are not made here yet.",
        "| `size` (required without `letters`) | whole number, 1 or more | `3` | how many messages it holds. **Without \
         effect on this machine: it holds all of them.** |",
        "| `letters` | [list, each item a letter](#letters) |  | what it holds at first (may be known at the deployment \
         only) |",
        "| `colour` | anything |  | its colour. **Not supported yet.** |",
        "<a id=\"letters\"></a>\n\n### `letters[]`\n\nA message.\n",
        "| `type` (required) | one of `paper` |  | what it is written on. `stone`: **Not supported yet.** |",
        "| `properties` (required) | mapping, by `type`: [`paper`](#letters.properties.paper) |  | how it looks |",
        "<a id=\"letters.properties.paper\"></a>\n\n### `letters[].properties` with `type`: `paper`\n",
        "| `deadLetters` | `STP_<NAME>_DEAD_LETTERS` | number | letters that nobody took, with `letters`; a secret |",
    ] {
        assert!(page.contains(part), "{part:?} is not in\n{page}");
    }
}

#[test]
fn the_page_of_the_file_has_its_keys_and_all_types() {
    let page = reference_markdown(&CATALOGUE);
    for key in ROOT.keys {
        assert!(
            page.contains(&format!("\n| `{}`", key.name)),
            "{} is not in\n{page}",
            key.name
        );
    }
    let queue = "| [`queue`](resources/queue.md) | Messages that wait. This machine cannot run it yet: queues are not \
                 made here yet. |";
    assert!(page.contains(queue), "{page}");
    assert!(page.contains("Not supported yet: `game`."), "{page}");
}

#[test]
fn every_link_within_a_page_leads_somewhere() {
    let page = reference_markdown(&CATALOGUE);
    let mut links = 0;
    for link in page.split("](#").skip(1) {
        let anchor = link.split(')').next().unwrap_or_default();
        let is_there = page.contains(&format!("<a id=\"{anchor}\">")) || anchor == "types-of-resources";
        assert!(is_there, "nothing has the anchor {anchor}");
        links += 1;
    }
    assert!(links >= 20, "only {links} links");
}

#[test]
fn every_directive_has_a_row() {
    let page = directives_markdown();
    for directive in BUILTINS {
        assert!(
            page.contains(&format!("| `${}(", directive.name)),
            "{}",
            directive.name
        );
    }
    assert!(page.contains("| `$CliArgs(name, [default])` |"), "{page}");
    assert!(page.contains("| `$Format(text, …)` |"), "{page}");
}
