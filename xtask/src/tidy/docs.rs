//! Rules that hold the documents to the tree.

use super::source::Source;

const MAP: &str = "ARCHITECTURE.md";

/// A name that ends so is meant as a file.
const FILE_EXTENSIONS: [&str; 10] =
    ["rs", "toml", "md", "ts", "tsx", "js", "json", "css", "html", "part"];

/// Every path that ARCHITECTURE.md shows as code (between backticks or in a block) exists.
///
/// A file may be named by the end of its path. What begins with `/` is an address of the server,
/// and what lies under `target/` comes with a build.
pub(crate) fn missing_paths(sources: &[Source]) -> Vec<String> {
    let Some(map) = sources.iter().find(|source| source.path == MAP) else {
        return vec![format!("{MAP} is missing")];
    };
    let mut missing: Vec<&str> = code_of(&map.text)
        .flat_map(str::split_whitespace)
        .map(|word| word.trim_matches(|c: char| "()[]{},:;\"'".contains(c)))
        .filter(|word| is_path(word, sources) && !exists(word, sources))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing.iter().map(|path| format!("{MAP} names {path}, which does not exist")).collect()
}

/// What stands between backticks. A block's fence is three of them, so that the same holds for it.
fn code_of(markdown: &str) -> impl Iterator<Item = &str> {
    markdown.split('`').skip(1).step_by(2)
}

fn is_path(word: &str, sources: &[Source]) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if word.starts_with('/') || word.starts_with("target/") || !word.chars().all(is_plain) {
        return false;
    }
    let name = word.rsplit('/').next().unwrap_or_default();
    let has_extension = name
        .rsplit_once('.')
        .is_some_and(|(stem, extension)| !stem.is_empty() && FILE_EXTENSIONS.contains(&extension));
    let is_below = |folder: &str| {
        sources
            .iter()
            .any(|source| source.path.split_once('/').is_some_and(|(top, _)| top == folder))
    };
    has_extension || word.split_once('/').is_some_and(|(top, _)| is_below(top))
}

fn exists(word: &str, sources: &[Source]) -> bool {
    let file_end = format!("/{word}");
    let folder = format!("{}/", word.trim_end_matches('/'));
    sources.iter().any(|source| {
        source.path == word || source.path.ends_with(&file_end) || source.path.starts_with(&folder)
    })
}

#[cfg(test)]
mod tests {
    use super::super::source::tests::source;
    use super::*;

    fn missing(map: &str) -> Vec<String> {
        missing_paths(&[
            source(MAP, map),
            source("core/src/part/mod.rs", ""),
            source("docs/format.md", ""),
        ])
    }

    #[test]
    fn a_path_that_is_gone_is_found() {
        assert_eq!(missing("see `core/src/gone/`").len(), 1);
        assert_eq!(missing("see `gone/src/a.rs` and `gone.md`").len(), 2);
        assert_eq!(missing("```text\ncore/src/gone.rs   the old way\n```\n").len(), 1);
        assert_eq!(missing_paths(&[]), ["ARCHITECTURE.md is missing"]);
    }

    #[test]
    fn what_exists_or_is_no_path_is_let_be() {
        for map in [
            "`core/src/part/mod.rs`, `part/mod.rs`, `core/src/part/`, `core/src`, `docs/format.md`",
            "```\ncore/        the core\n  src/part/  parts\n```",
            "`/events/funnel`, `text/plain`, `http -> store`, `target/release/eventhub`, `a::b`",
            "core/src/gone in prose is prose",
        ] {
            assert!(missing(map).is_empty(), "{map}: {:?}", missing(map));
        }
    }
}
