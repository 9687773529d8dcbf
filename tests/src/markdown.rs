//! Code blocks of documents, so that what a document shows can be run.

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fenced {
    /// The line of its first fence, counted from 1.
    pub line: usize,
    /// What stands behind the fence: the language, and what else is said.
    pub info: String,
    /// What it holds; every line ends in a line end.
    pub text: String,
}

/// The fenced blocks of a document, in order.
///
/// # Panics
/// When the last one is not closed.
#[must_use]
#[track_caller]
pub fn fenced_blocks(markdown: &str) -> Vec<Fenced> {
    let mut blocks = Vec::new();
    let mut open: Option<Fenced> = None;
    for (line, content) in (1..).zip(markdown.lines()) {
        match (content.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                open = Some(Fenced { line, info: info.trim().to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(content);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    if let Some(block) = open {
        panic!("line {}: the block is not closed", block.line);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_what_they_say() {
        let blocks = fenced_blocks("a\n\n```json x\n{}\n\n1\n```\nb\n```\n```\n");
        assert_eq!(blocks.len(), 2);
        assert_eq!((blocks[0].line, blocks[0].info.as_str()), (3, "json x"));
        assert_eq!(blocks[0].text, "{}\n\n1\n");
        assert_eq!((blocks[1].info.as_str(), blocks[1].text.as_str()), ("", ""));
    }

    #[test]
    #[should_panic(expected = "line 2")]
    fn a_block_that_is_not_closed_is_named() {
        let _ = fenced_blocks("a\n```\nb\n");
    }
}
