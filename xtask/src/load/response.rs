//! HTTP/1.1 answers, as far as a client needs to read them that asks one thing after another.

use anyhow::{Context, Result, ensure};
use std::ops::Range;
use std::time::Duration;

/// Bytes of a status line and headers; EventHub's own are some 300.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Bytes of a body: the ids of a batch are some 10,000.
const BODY_BYTES_MAX: u64 = 1 << 20;

/// An answer that is whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response {
    /// The status, such as 200.
    pub(super) status: u16,
    /// When to ask again, of an answer that says so in seconds.
    pub(super) retry_after: Option<Duration>,
    /// Where in the bytes that were parsed the body lies; it ends the answer.
    pub(super) body: Range<usize>,
}

/// The answer at the start of some bytes, or `None` while it is not whole.
///
/// # Errors
/// When it is not HTTP/1.1, too long, or its body has no `Content-Length`.
pub(super) fn parsed(bytes: &[u8]) -> Result<Option<Response>> {
    let Some(head_end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        ensure!(bytes.len() < HEAD_BYTES_MAX, "the head of an answer is too long");
        return Ok(None);
    };
    let head = str::from_utf8(&bytes[..head_end]).context("the head of an answer is not text")?;
    let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = status(line)?;
    let header = |wanted: &str| -> Result<Option<u64>> {
        let mut pairs = headers.split("\r\n").filter_map(|line| line.split_once(':'));
        let Some((_, value)) = pairs.find(|(name, _)| name.eq_ignore_ascii_case(wanted)) else {
            return Ok(None);
        };
        Ok(Some(value.trim().parse().with_context(|| format!("{wanted} is {value:?}"))?))
    };
    let length = header("content-length")?
        .with_context(|| format!("an answer of status {status} has no Content-Length"))?;
    ensure!(length <= BODY_BYTES_MAX, "an answer of {length} bytes is too long");
    let body = head_end + 4..head_end + 4 + length as usize;
    if bytes.len() < body.end {
        return Ok(None);
    }
    let retry_after = header("retry-after")?.map(Duration::from_secs);
    Ok(Some(Response { status, retry_after, body }))
}

fn status(line: &str) -> Result<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let number = rest.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.with_context(|| format!("an answer begins with {line:?}"))?;
    Ok(number.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nCONTENT-length:  2\r\n\r\nok";

    #[test]
    fn an_answer_is_whole_with_its_last_byte_and_not_before() {
        for end in 0..TWO.len() {
            assert_eq!(parsed(&TWO.as_bytes()[..end]).unwrap(), None, "{end}");
        }
        let response = parsed(TWO.as_bytes()).unwrap().expect("whole");
        assert_eq!((response.status, &TWO[response.body.clone()]), (200, "ok"));
        let followed = format!("{TWO}HTTP/1.1 ");
        assert_eq!(parsed(followed.as_bytes()).unwrap(), Some(response));
    }

    #[test]
    fn an_empty_body_and_a_status_without_words_are_fine() {
        let response = parsed(b"HTTP/1.1 204\r\nContent-Length:0\r\n\r\n").unwrap().expect("whole");
        assert_eq!((response.status, response.retry_after, response.body.len()), (204, None, 0));
    }

    #[test]
    fn a_refusal_says_when_to_ask_again() {
        let text = b"HTTP/1.1 503 Busy\r\nretry-after: 10\r\ncontent-length: 0\r\n\r\n";
        let response = parsed(text).unwrap().expect("whole");
        assert_eq!(response.retry_after, Some(Duration::from_secs(10)));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in [
            "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 +20\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
            "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nretry-after: soon\r\n\r\n",
            "SSH-2.0\r\n\r\n",
        ] {
            assert!(parsed(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(parsed(&[b'x'; HEAD_BYTES_MAX]).is_err());
    }
}
