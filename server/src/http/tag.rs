//! The tag: one script that pages load, built into the binary when `npm/dist/eventhub.js` was there (see
//! `build.rs`).
//!
//! It is served under its own name, to be asked for again after a while, and under a name with its hash, which
//! stands for these bytes for ever. Pages of any site may load it, and check its integrity.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::error::ApiError;
use super::packed::{self, CACHING_FOR_EVER, Packed};
use super::paths::{Names, TagName};

/// How pages of other sites are told that they may load it, also those that isolate themselves.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// An hour, and for a day more what is there while it is asked for again.
const CACHING: &str = "public, max-age=3600, stale-while-revalidate=86400";

/// The path of the tag that stands for ever, and its integrity, as a page names them; none when it was not built in.
#[must_use]
pub fn lasting(names: &Names) -> Option<(String, String)> {
    let tag = packed::tag()?;
    Some((lasting_path(tag, names), integrity(tag)))
}

/// The answer to a request for the tag.
///
/// # Errors
/// When it was not built in, or there is another one than the path names.
pub(super) fn answer(
    names: &Names,
    name: TagName,
    path: &str,
    headers: &HeaderMap,
) -> Result<Response<Bytes>, ApiError> {
    answer_with(packed::tag().ok_or(ApiError::NoTag)?, names, name, path, headers)
}

fn answer_with(
    tag: &Packed,
    names: &Names,
    name: TagName,
    path: &str,
    headers: &HeaderMap,
) -> Result<Response<Bytes>, ApiError> {
    let by_hash = lasting_path(tag, names);
    if name == TagName::WithHash && path != by_hash {
        return Err(ApiError::OtherTag(by_hash));
    }
    let caching = if name == TagName::WithHash { CACHING_FOR_EVER } else { CACHING };
    let mut response = tag.answer("text/javascript; charset=utf-8", caching, headers);
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    Ok(response)
}

fn lasting_path(tag: &Packed, names: &Names) -> String {
    names.tag_with(&tag.sha256[..TagName::DIGITS])
}

fn integrity(tag: &Packed) -> String {
    let byte = |at: usize| u8::from_str_radix(&tag.sha256[at..at + 2], 16);
    let hash: Result<Vec<u8>, _> = (0..tag.sha256.len()).step_by(2).map(byte).collect();
    format!("sha256-{}", STANDARD.encode(hash.expect("a hash in hexadecimal digits")))
}

#[cfg(test)]
mod tests {
    use http::header::CACHE_CONTROL;

    use super::super::packed::tests::PLAIN;
    use super::*;

    const BY_HASH: &str = "/eventhub.0123456789abcdef.js";

    fn ask(path: &str) -> Result<Response<Bytes>, ApiError> {
        let name = if path == "/eventhub.js" { TagName::Plain } else { TagName::WithHash };
        answer_with(&PLAIN, &Names::default(), name, path, &HeaderMap::new())
    }

    #[test]
    fn a_name_with_the_hash_stands_for_ever() {
        let caching = |path: &str| {
            let response = ask(path).unwrap();
            assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
            assert_eq!(response.headers()[RESOURCE_POLICY], "cross-origin");
            response.headers()[CACHE_CONTROL].to_str().unwrap().to_owned()
        };
        assert!(caching("/eventhub.js").contains("max-age=3600"));
        assert!(caching(BY_HASH).contains("immutable"));
        assert_eq!(lasting_path(&PLAIN, &Names::default()), BY_HASH);
        assert_eq!(integrity(&PLAIN), "sha256-ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8=");
        let refused = ask("/eventhub.fedcba9876543210.js").unwrap_err();
        assert!(refused.to_string().contains(BY_HASH), "{refused}");
        assert_eq!(refused.response().status(), 404);
    }
}
