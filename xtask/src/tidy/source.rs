//! A text file of the project, and how the rules look into it.

/// A file by its path from the root, with `/` between folders. The text of a binary file is empty.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// What follows the last dot of the path; empty when there is none.
    pub(crate) fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Whether the file holds tests alone.
    pub(crate) fn is_test(&self) -> bool {
        let (folders, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        folders.split('/').any(|folder| folder == "tests")
            || name == "tests.rs"
            || name.ends_with("_tests.rs")
            || name.contains(".test.")
            || name.contains(".spec.")
    }

    /// The lines of Rust that end up in the product, numbered from 1: without comments, and
    /// without the test module that closes a file.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        let end = if self.is_test() { 0 } else { end };
        self.text[..end]
            .lines()
            .map(without_comment)
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }
}

/// The line up to `//`, unless that belongs to an address such as `https://`.
fn without_comment(line: &str) -> &str {
    let mut from = 0;
    while let Some(found) = line[from..].find("//") {
        let at = from + found;
        if !line[..at].ends_with(':') {
            return &line[..at];
        }
        from = at + 2;
    }
    line
}

/// Whether `code` names `path` as a path of its own: `std::` is not part of `my_std::`.
pub(crate) fn mentions(code: &str, path: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let ends_in_word = path.ends_with(is_word);
    code.match_indices(path).any(|(at, _)| {
        let goes_on_before = code[..at].ends_with(|c| is_word(c) || c == ':');
        let goes_on_after = ends_in_word && code[at + path.len()..].starts_with(is_word);
        !goes_on_before && !goes_on_after
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_path_is_mentioned_as_a_whole() {
        assert!(mentions("use std::fmt;", "std::"));
        assert!(mentions("(std::mem::take(x))", "std::"));
        assert!(!mentions("use my_std::fmt;", "std::"));
        assert!(!mentions("use crate::std::fmt;", "std::"));
        assert!(mentions("use heed;", "heed"));
        assert!(!mentions("unheeded", "heed"));
        assert!(!mentions("heeded", "heed"));
    }

    #[test]
    fn comments_and_closing_tests_are_no_product() {
        let text = "use a; // std::\n//! std::\nlet u = \"https://x\"; // y\n#[cfg(test)]\nmod tests {\n    use std::fmt;\n}\n";
        let lines = |path| {
            let source = source(path, text);
            source.product_lines().map(|(_, line)| line.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(lines("core/src/a.rs"), ["use a; ", "", "let u = \"https://x\"; "]);
        assert!(lines("core/src/part/tests.rs").is_empty());
        assert!(lines("core/tests/model.rs").is_empty());
    }

    #[test]
    fn knows_extensions() {
        assert_eq!(source("a.b/c", "").extension(), "");
        assert_eq!(source("a/c.d.ts", "").extension(), "ts");
    }
}
