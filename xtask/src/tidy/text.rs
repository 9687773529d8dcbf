//! Rules on the text of a file, whatever it is about.

use super::source::{Source, mentions};

const LINES_MAX: usize = 400;
const TEST_LINES_MAX: usize = 500;

/// The languages whose files are kept short.
const CODE: [&str; 6] = ["rs", "ts", "tsx", "js", "css", "py"];
/// The languages that are written in ASCII alone.
const ASCII: [&str; 11] =
    ["rs", "ts", "tsx", "js", "css", "html", "toml", "md", "json", "sh", "py"];
/// Files that a program writes: nobody chose their words or their length.
const GENERATED: [&str; 3] = ["generated/", "golden/", "package-lock.json"];

fn is_generated(source: &Source) -> bool {
    GENERATED.iter().any(|part| source.path.contains(part))
}

/// A file that nobody reads in one sitting should be two.
pub(crate) fn long_files(sources: &[Source]) -> Vec<String> {
    let code = sources.iter().filter(|s| CODE.contains(&s.extension()) && !is_generated(s));
    code.filter_map(|source| {
        let limit = if source.is_test() { TEST_LINES_MAX } else { LINES_MAX };
        let lines = source.text.lines().count();
        (lines > limit)
            .then(|| format!("{}: {lines} lines, more than {limit}: split it", source.path))
    })
    .collect()
}

/// Sources are ASCII; a test that needs another character writes it as an escape.
pub(crate) fn foreign_characters(sources: &[Source]) -> Vec<String> {
    let written = sources.iter().filter(|s| ASCII.contains(&s.extension()) && !is_generated(s));
    written
        .flat_map(|source| {
            let lines = source.text.lines().enumerate().filter(|(_, line)| !line.is_ascii());
            lines.map(|(index, _)| {
                format!("{}:{}: not ASCII: write an escape", source.path, index + 1)
            })
        })
        .collect()
}

/// A path of the machine it was written on means nothing on another. What follows a folder, a
/// host or a placeholder is not such a path.
pub(crate) fn machine_paths(sources: &[Source]) -> Vec<String> {
    // In two halves, so that this file does not find itself.
    let roots = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/tmp/", "target"),
    ];
    let is_absolute = |line: &str, path: &str| {
        line.match_indices(path).any(|(at, _)| {
            !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/}".contains(c))
        })
    };
    sources
        .iter()
        .flat_map(|source| {
            let lines = source.text.lines().enumerate();
            let bad = lines.filter(|(_, line)| roots.iter().any(|path| is_absolute(line, path)));
            bad.map(|(index, _)| format!("{}:{}: a path of one machine", source.path, index + 1))
        })
        .collect()
}

/// Nothing is left for later in code: it works or it is not there.
pub(crate) fn unfinished_code(sources: &[Source]) -> Vec<String> {
    let marks = [
        concat!("to", "do!"),
        concat!("unimple", "mented!"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
    ];
    let code = sources.iter().filter(|s| CODE.contains(&s.extension()) && !is_generated(s));
    code.flat_map(|source| {
        let lines = source.text.lines().enumerate();
        let bad = lines.filter(|(_, line)| marks.iter().any(|mark| mentions(line, mark)));
        bad.map(|(index, _)| format!("{}:{}: left unfinished", source.path, index + 1))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::tests::source;
    use super::*;

    #[test]
    fn a_file_too_long_is_found() {
        let long = "x\n".repeat(LINES_MAX + 1);
        assert_eq!(long_files(&[source("core/src/a.rs", &long)]).len(), 1);
        assert_eq!(long_files(&[source("www/src/a.tsx", &long)]).len(), 1);
        assert!(long_files(&[source("core/src/tests.rs", &long)]).is_empty());
        assert!(long_files(&[source("www/src/generated/api.ts", &long)]).is_empty());
        assert!(long_files(&[source("docs/a.md", &long)]).is_empty());
        let longer = "x\n".repeat(TEST_LINES_MAX + 1);
        assert_eq!(long_files(&[source("tests/tests/a.rs", &longer)]).len(), 1);
    }

    #[test]
    fn a_character_beyond_ascii_is_found() {
        let found = foreign_characters(&[source("a.rs", "fine\nna\u{ef}ve\n")]);
        assert_eq!(found, ["a.rs:2: not ASCII: write an escape"]);
        assert!(foreign_characters(&[source("package-lock.json", "\u{ef}")]).is_empty());
    }

    #[test]
    fn a_path_of_a_machine_is_found() {
        let path = concat!("/ho", "me/someone/x");
        assert_eq!(machine_paths(&[source("a.md", &format!("in {path}"))]).len(), 1);
        for other in ["https://example.com", "a/.", "/proc/{pid}"] {
            let text = format!("{other}{path}");
            assert!(machine_paths(&[source("a.md", &text)]).is_empty(), "{text}");
        }
    }

    #[test]
    fn unfinished_code_is_found() {
        let text = concat!("fn a() {\n    to", "do!()\n}\n// FIX", "ME\n");
        let found = unfinished_code(&[source("a.rs", text)]);
        assert_eq!(found, ["a.rs:2: left unfinished", "a.rs:4: left unfinished"]);
    }
}
