//! The book's page of benchmarks: between two markers for each table stands what was measured last.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{bench::Table, places::root};

/// The page.
fn page() -> PathBuf {
    root().join("book/src/reference/benchmarks.md")
}

/// Puts tables into the page, each with the sentence that says how it was made. Tables that are not given stay as they
/// are.
///
/// # Errors
/// If the page can't be read or written, or has no markers for one of the tables; then nothing is written.
pub fn write(tables: &[Table], made_by: &str) -> Result<PathBuf> {
    let path = page();
    let mut text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    for table in tables {
        let content = format!("{}\n{made_by}\n", table.markdown());
        text = replaced(&text, table.name, &content).with_context(|| format!("in {}", path.display()))?;
    }
    std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// `page` with `content` between the markers of `name`.
fn replaced(page: &str, name: &str, content: &str) -> Result<String> {
    let begin = format!("<!-- infera-bench {name}: begin -->\n");
    let end = format!("<!-- infera-bench {name}: end -->");
    let (before, rest) = page.split_once(&begin).with_context(|| format!("there is no line {:?}", begin.trim_end()))?;
    let (_, after) = rest.split_once(&end).with_context(|| format!("no {end:?} follows {:?}", begin.trim_end()))?;
    Ok(format!("{before}{begin}{content}{end}{after}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::bench::{commitment, demo, devnet, engine, gas};

    const PAGE: &str = "\
# Title
<!-- infera-bench a: begin -->
old
<!-- infera-bench a: end -->
between
<!-- infera-bench b: begin -->
<!-- infera-bench b: end -->
";

    #[test]
    fn only_what_is_between_the_markers_changes_and_again_the_next_time() {
        let once = replaced(PAGE, "a", "new\n").unwrap();
        assert_eq!(once, PAGE.replace("old", "new"));
        assert_eq!(replaced(&once, "a", "old\n").unwrap(), PAGE);
        assert!(replaced(PAGE, "b", "first\n").unwrap().contains("b: begin -->\nfirst\n<!-- infera-bench b: end"));
    }

    #[test]
    fn a_table_without_markers_is_named() {
        let error = replaced(PAGE, "c", "new\n").unwrap_err().to_string();
        assert!(error.contains("infera-bench c: begin"), "{error}");
        let open = PAGE.replace("<!-- infera-bench b: end -->", "");
        let error = replaced(&open, "b", "new\n").unwrap_err().to_string();
        assert!(error.contains("infera-bench b: end"), "{error}");
    }

    #[test]
    fn the_page_has_markers_for_every_table() {
        let page = std::fs::read_to_string(page()).unwrap();
        for name in [commitment::NAME, demo::NAME, devnet::NAME, devnet::in_process::NAME, engine::NAME, gas::NAME] {
            replaced(&page, name, "").unwrap();
        }
    }
}
