//! Dialogues: text files of calls with the answers expected, as a person would write them down.
//!
//! A call is one request line `METHOD target`, then the lines of a form body, each behind `> `, then
//! a line with the status expected and the whole body expected (without the newline that JSON ends in). A
//! media type in brackets after the status is expected in place of `application/json`. An answer
//! may go on over lines behind `| `. A refusal is written as status, code and parameter at fault.
//! Empty lines part calls, and lines behind `#` explain them.

/// A request and the answer expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Where the call begins in its file, counted from 1.
    pub line: usize,
    /// The request's method.
    pub method: String,
    /// Its path and query string.
    pub target: String,
    /// Its form body, when it has one.
    pub form: Option<String>,
    /// The status expected.
    pub status: u16,
    /// The media type expected.
    pub media_type: String,
    /// The body expected, or the code and parameter of a refusal.
    pub body: String,
}

/// Reads a dialogue.
///
/// # Panics
/// When the text does not have the form above; the message names the line.
#[must_use]
#[track_caller]
pub fn parse_dialogue(text: &str) -> Vec<Call> {
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
    lines
        .split(|(_, line)| line.is_empty())
        .map(|block| block.iter().filter(|(_, line)| !line.starts_with('#')).collect::<Vec<_>>())
        .filter(|block| !block.is_empty())
        .map(|block| {
            parse_call(&block).unwrap_or_else(|| panic!("line {}: not a call", block[0].0))
        })
        .collect()
}

fn parse_call(block: &[&(usize, &str)]) -> Option<Call> {
    let (line, request) = *block[0];
    let (method, target) = request.split_once(' ')?;
    let form: Vec<&str> =
        block[1..].iter().map_while(|(_, line)| line.strip_prefix("> ")).collect();
    let (_, answer) = block.get(1 + form.len())?;
    let (status, rest) = answer.split_once(' ').unwrap_or((answer, ""));
    let (media_type, first) = match rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((media_type, first)) if media_type.contains('/') => (media_type, first),
        _ => ("application/json", rest),
    };
    let further = block[2 + form.len()..].iter().map(|(_, line)| line.strip_prefix("| "));
    let body: Option<Vec<&str>> = std::iter::once(Some(first)).chain(further).collect();
    Some(Call {
        line,
        method: method.to_owned(),
        target: target.to_owned(),
        form: (!form.is_empty()).then(|| form.join("\n")),
        status: status.parse().ok()?,
        media_type: media_type.to_owned(),
        body: body?.concat(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialogue_is_read_call_by_call() {
        let text = "# Why.\nPOST /a\n> x=[\n> 1]\n200 [\"text/plain\"]\n\nGET /b?c=d\n200 [text/javascript] f(1);\n";
        let calls = parse_dialogue(text);
        assert_eq!(calls.len(), 2);
        assert_eq!((calls[0].line, calls[0].form.as_deref()), (2, Some("x=[\n1]")));
        assert_eq!(calls[0].body, "[\"text/plain\"]");
        assert_eq!(calls[0].media_type, "application/json");
        assert_eq!((calls[1].target.as_str(), calls[1].form.as_ref()), ("/b?c=d", None));
        assert_eq!(
            (calls[1].media_type.as_str(), calls[1].body.as_str()),
            ("text/javascript", "f(1);")
        );
    }

    #[test]
    fn a_long_answer_goes_on_over_lines() {
        let calls = parse_dialogue("GET /\n200 [1,\n| 2]\n");
        assert_eq!(calls[0].body, "[1,2]");
    }

    #[test]
    #[should_panic(expected = "line 4")]
    fn what_is_no_call_is_named() {
        let _ = parse_dialogue("GET /\n200 1\n\nnonsense\n");
    }
}
