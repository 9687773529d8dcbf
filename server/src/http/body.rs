//! Bodies: read within a limit and a time, unpacked, and taken as a form.

use std::io::Read;
use std::pin::pin;
use std::time::Duration;

use bytes::{Buf, Bytes};
use eventhub_core::Batch;
use flate2::read::MultiGzDecoder;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, EXPECT};
use http_body_util::BodyExt;
use hyper::body::Body;

use super::error::ApiError;
use super::paths::Area;
use super::v1::Resource;

/// Bytes of a refused body that are read and thrown away, so that a client which sends before it
/// listens gets to read the refusal instead of a reset connection.
const DISCARDED_BYTES_MAX: usize = 16 << 20;
/// How long a refused body is read.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads a body whole.
///
/// # Errors
/// When it is longer than `limit` bytes, does not come within `timeout`, or breaks off.
pub(super) async fn read<B>(body: B, limit: usize, timeout: Duration) -> Result<Bytes, ApiError>
where
    B: Body,
    B::Error: std::fmt::Display,
{
    let mut body = pin!(body);
    let collected = async {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| ApiError::Body(error.to_string()))?;
            let Ok(mut data) = frame.into_data() else { continue };
            let length = data.remaining();
            if bytes.len() + length > limit {
                return Err(ApiError::TooLarge(limit));
            }
            bytes.extend_from_slice(&data.copy_to_bytes(length));
        }
        Ok(Bytes::from(bytes))
    };
    let read = tokio::time::timeout(timeout, collected).await;
    let read = read.unwrap_or(Err(ApiError::Slow(timeout.as_secs())));
    if matches!(read, Err(ApiError::TooLarge(_))) {
        discard(body).await;
    }
    read
}

/// Reads on and throws away, for a while.
///
/// A client that waits to be told to go on (`Expect: 100-continue`) has sent nothing yet: leave its body.
pub(super) async fn discard_unless_waiting<B: Body>(body: B, headers: &HeaderMap) {
    if !headers.contains_key(EXPECT) {
        discard(pin!(body)).await;
    }
}

async fn discard<B: Body>(mut body: std::pin::Pin<&mut B>) {
    let discarded = async {
        let mut length = 0;
        while let Some(Ok(frame)) = body.frame().await {
            length += frame.data_ref().map_or(0, Buf::remaining);
            if length > DISCARDED_BYTES_MAX {
                return;
            }
        }
    };
    // Whether it ended or its time did makes no difference: the refusal is sent now.
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, discarded).await;
}

/// The form in a body: unpacked, if tracking paths get it packed, and of a type that is a form.
///
/// # Errors
/// When the body is packed or typed in a way that is not taken, or longer than `limit` when unpacked.
pub(super) fn form(
    body: Bytes,
    headers: &HeaderMap,
    area: Area,
    limit: usize,
) -> Result<Bytes, ApiError> {
    if body.is_empty() {
        return Ok(body);
    }
    check_type(headers, area)?;
    let encoding = header_text(headers, CONTENT_ENCODING);
    match (encoding.as_str(), area) {
        ("" | "identity", _) => Ok(body),
        ("gzip" | "x-gzip", Area::Tracking) => unpack(&body, limit),
        _ => Err(ApiError::ContentEncoding(encoding)),
    }
}

/// What a body of the JSON API is. Only events come as anything but JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One JSON value.
    Json,
    /// A JSON object a line.
    Lines,
    /// The tracker's binary batch.
    Batch,
}

/// A body of the JSON API, and what it is. Events come packed or not; as plain text, which pages may send to other
/// origins without asking first, they are JSON or a binary batch.
///
/// # Errors
/// When it is packed or typed in a way that is not taken, or longer than `limit` when unpacked.
pub(super) fn json(
    body: Bytes,
    headers: &HeaderMap,
    resource: Resource,
    limit: usize,
) -> Result<(Bytes, Form), ApiError> {
    if body.is_empty() {
        return Ok((body, Form::Json));
    }
    let media_type = header_text(headers, CONTENT_TYPE);
    let takes_events = resource == Resource::Events;
    let form = match media_type.split(';').next().unwrap_or_default().trim() {
        "application/json" => Some(Form::Json),
        "application/x-ndjson" | "application/ndjson" if takes_events => Some(Form::Lines),
        "application/octet-stream" if takes_events => Some(Form::Batch),
        "text/plain" if takes_events => None,
        _ => return Err(ApiError::JsonType(media_type.chars().take(100).collect())),
    };
    let body = match header_text(headers, CONTENT_ENCODING).as_str() {
        "" | "identity" => body,
        "gzip" | "x-gzip" if takes_events => unpack(&body, limit)?,
        encoding => return Err(ApiError::ContentEncoding(encoding.to_owned())),
    };
    let told = if Batch::is_one(&body) { Form::Batch } else { Form::Json };
    Ok((body, form.unwrap_or(told)))
}

/// A form; on tracking paths also what `sendBeacon` sends, whose type is that of plain text.
fn check_type(headers: &HeaderMap, area: Area) -> Result<(), ApiError> {
    let media_type = header_text(headers, CONTENT_TYPE);
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    match (essence, area) {
        ("application/x-www-form-urlencoded", _) => Ok(()),
        ("text/plain" | "", Area::Tracking) => Ok(()),
        ("", _) => Err(ApiError::MediaType("a body without a type".to_string())),
        _ => Err(ApiError::MediaType(essence.chars().take(100).collect())),
    }
}

fn unpack(packed: &[u8], limit: usize) -> Result<Bytes, ApiError> {
    let mut bytes = Vec::new();
    let mut reader = MultiGzDecoder::new(packed).take(limit as u64 + 1);
    reader.read_to_end(&mut bytes).map_err(|error| ApiError::Body(error.to_string()))?;
    if bytes.len() > limit { Err(ApiError::TooLarge(limit)) } else { Ok(bytes.into()) }
}

fn header_text(headers: &HeaderMap, name: http::HeaderName) -> String {
    let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    value.unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http_body_util::Full;

    use super::*;

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    fn check(
        body: Bytes,
        headers: &[(&'static str, &str)],
        area: Area,
        expected: Result<&[u8], u16>,
    ) {
        let headers: HeaderMap =
            headers.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
        let found = form(body, &headers, area, 100).map_err(|e| e.response().status().as_u16());
        assert_eq!(found, expected.map(Bytes::copy_from_slice), "{headers:?}");
    }

    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
    const GZIP: (&str, &str) = ("content-encoding", "gzip");

    #[test]
    fn a_body_is_a_form() {
        let a = || Bytes::from_static(b"a=1");
        let charset = ("content-type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8");
        check(a(), &[FORM], Area::Data, Ok(b"a=1"));
        check(a(), &[charset], Area::Data, Ok(b"a=1"));
        check(a(), &[("content-type", "application/json")], Area::Data, Err(415));
        check(a(), &[("content-type", "application/json")], Area::Tracking, Err(415));
        check(a(), &[("content-type", "text/plain;charset=UTF-8")], Area::Data, Err(415));
        check(a(), &[("content-type", "text/plain;charset=UTF-8")], Area::Tracking, Ok(b"a=1"));
        check(a(), &[], Area::Data, Err(415));
        check(a(), &[], Area::Tracking, Ok(b"a=1"));
        check(Bytes::new(), &[("content-type", "application/json")], Area::Data, Ok(b""));
    }

    #[test]
    fn tracking_paths_unpack_gzip_up_to_the_limit() {
        check(gzip(b"a=1"), &[FORM, GZIP], Area::Tracking, Ok(b"a=1"));
        check(gzip(b"a=1"), &[FORM, GZIP], Area::Data, Err(415));
        check(gzip(b"a=1"), &[FORM, ("content-encoding", "br")], Area::Tracking, Err(415));
        check(gzip(&[b'a'; 100]), &[FORM, GZIP], Area::Tracking, Ok(&[b'a'; 100]));
        check(gzip(&[b'a'; 101]), &[FORM, GZIP], Area::Tracking, Err(413));
        check(gzip(&vec![b'a'; 50_000_000]), &[FORM, GZIP], Area::Tracking, Err(413));
        check(gzip(b"a=1").slice(..12), &[FORM, GZIP], Area::Tracking, Err(400));
        check(Bytes::from_static(b"a=1"), &[FORM, GZIP], Area::Tracking, Err(400));
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_not_kept() {
        let body = |length| Full::new(Bytes::from(vec![b'a'; length]));
        let timeout = Duration::from_secs(1);
        assert_eq!(read(body(100), 100, timeout).await.unwrap().len(), 100);
        assert!(matches!(read(body(101), 100, timeout).await, Err(ApiError::TooLarge(100))));
    }
}
