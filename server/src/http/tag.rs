//! The tag: one script that pages load, built into the binary when `npm/dist/eventhub.js` was there (see
//! `build.rs`).
//!
//! It is served under its own name, to be asked for again after a while, and under a name with its hash, which
//! stands for these bytes for ever. Pages of any site may load it, and check its integrity.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE,
    ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::error::ApiError;
use super::paths::{Names, TagName};

/// How pages of other sites are told that they may load it, also those that isolate themselves.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// An hour, and for a day more what is there while it is asked for again.
const CACHING: &str = "public, max-age=3600, stale-while-revalidate=86400";
const CACHING_BY_HASH: &str = "public, max-age=31536000, immutable";

#[cfg(eventhub_tag)]
static BUILT_IN: Option<Tag> = Some(Tag {
    plain: include_bytes!(concat!(env!("OUT_DIR"), "/eventhub.js")),
    brotli: include_bytes!(concat!(env!("OUT_DIR"), "/eventhub.js.br")),
    gzip: include_bytes!(concat!(env!("OUT_DIR"), "/eventhub.js.gz")),
    sha256: env!("EVENTHUB_TAG_SHA256"),
});
#[cfg(not(eventhub_tag))]
static BUILT_IN: Option<Tag> = None;

/// The tag as it is and packed.
#[derive(Debug)]
struct Tag {
    plain: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
    /// The hash of it as it is, 64 hexadecimal digits.
    sha256: &'static str,
}

/// The path of the tag that stands for ever, and its integrity, as a page names them; none when it was not built in.
#[must_use]
pub fn lasting(names: &Names) -> Option<(String, String)> {
    let tag = BUILT_IN.as_ref()?;
    Some((tag.lasting_path(names), tag.integrity()))
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
    BUILT_IN.as_ref().ok_or(ApiError::NoTag)?.answer(names, name, path, headers)
}

impl Tag {
    fn lasting_path(&self, names: &Names) -> String {
        names.tag_with(&self.sha256[..TagName::DIGITS])
    }

    fn integrity(&self) -> String {
        let byte = |at: usize| u8::from_str_radix(&self.sha256[at..at + 2], 16);
        let hash: Result<Vec<u8>, _> = (0..self.sha256.len()).step_by(2).map(byte).collect();
        format!("sha256-{}", STANDARD.encode(hash.expect("a hash in hexadecimal digits")))
    }

    fn answer(
        &self,
        names: &Names,
        name: TagName,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Response<Bytes>, ApiError> {
        let by_hash = self.lasting_path(names);
        if name == TagName::WithHash && path != by_hash {
            return Err(ApiError::OtherTag(by_hash));
        }
        let (encoding, content) = match Encoding::best(headers) {
            Encoding::Identity => (None, self.plain),
            Encoding::Gzip => (Some("gzip"), self.gzip),
            Encoding::Brotli => (Some("br"), self.brotli),
        };
        // Each of the three is another sequence of bytes, so each has a name of its own.
        let etag = format!("\"{}-{}\"", &self.sha256[..32], encoding.unwrap_or("plain"));
        let is_known = headers.get_all(IF_NONE_MATCH).iter().any(|known| names_etag(known, &etag));
        let content = if is_known { &[] } else { content };
        let mut response = Response::new(Bytes::from_static(content));
        let caching = if name == TagName::WithHash { CACHING_BY_HASH } else { CACHING };
        let headers = response.headers_mut();
        headers.insert(ETAG, HeaderValue::try_from(etag).expect("hexadecimal digits and words"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        let media_type = HeaderValue::from_static("text/javascript; charset=utf-8");
        headers.insert(CONTENT_TYPE, media_type);
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        Ok(response)
    }
}

/// Whether an `If-None-Match` holds this name; a cache on the way may have made it a weak one.
fn names_etag(known: &HeaderValue, etag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == etag)
}

/// How content is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

impl Encoding {
    /// The shortest of those that a client takes and likes best.
    fn best(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT_ENCODING).iter();
        let accepted: Vec<_> = accepted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(weighed)
            .collect();
        let weight = |coding: &str| {
            let of = |name: &str| accepted.iter().find(|(found, _)| found == name);
            of(coding).or_else(|| of("*")).map_or(0.0, |(_, weight)| *weight)
        };
        let (gzip, brotli) = (weight("gzip"), weight("br"));
        match () {
            () if brotli > 0.0 && brotli >= gzip => Self::Brotli,
            () if gzip > 0.0 => Self::Gzip,
            () => Self::Identity,
        }
    }
}

/// A coding and its weight; a weight that is no number is none.
fn weighed(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let coding = parts.next().unwrap_or_default().to_ascii_lowercase();
    let given = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    (coding, given.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    static TAG: Tag = Tag {
        plain: b"plain",
        brotli: b"b",
        gzip: b"gz",
        sha256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    };
    const BY_HASH: &str = "/eventhub.0123456789abcdef.js";

    fn ask(path: &str, headers: &[(HeaderName, &str)]) -> Result<Response<Bytes>, ApiError> {
        let names = Names::default();
        let name = if path == "/eventhub.js" { TagName::Plain } else { TagName::WithHash };
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        TAG.answer(&names, name, path, &headers)
    }

    #[test]
    fn the_client_says_how_it_is_packed() {
        let check = |accepted: &str, encoding: Option<&str>, content: &str| {
            let response = ask("/eventhub.js", &[(ACCEPT_ENCODING, accepted)]).unwrap();
            let found = response.headers().get(CONTENT_ENCODING).map(|v| v.to_str().unwrap());
            assert_eq!((found, &response.body()[..]), (encoding, content.as_bytes()), "{accepted}");
            assert_eq!(response.headers()[VARY], "Accept-Encoding");
        };
        check("gzip, deflate, br, zstd", Some("br"), "b");
        check("gzip, deflate", Some("gzip"), "gz");
        check("GZIP;Q=0.5", Some("gzip"), "gz");
        check("br;q=0, gzip", Some("gzip"), "gz");
        check("br;q=0.1, gzip;q=0.9", Some("gzip"), "gz");
        check("*", Some("br"), "b");
        check("*;q=0", None, "plain");
        check("br;q=x", None, "plain");
        check("identity", None, "plain");
        check("", None, "plain");
    }

    #[test]
    fn a_name_with_the_hash_stands_for_ever() {
        let caching = |path: &str| {
            let response = ask(path, &[]).unwrap();
            assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
            assert_eq!(response.headers()[RESOURCE_POLICY], "cross-origin");
            response.headers()[CACHE_CONTROL].to_str().unwrap().to_owned()
        };
        assert!(caching("/eventhub.js").contains("max-age=3600"));
        assert!(caching(BY_HASH).contains("immutable"));
        assert_eq!(TAG.lasting_path(&Names::default()), BY_HASH);
        assert_eq!(TAG.integrity(), "sha256-ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8=");
        let refused = ask("/eventhub.fedcba9876543210.js", &[]).unwrap_err();
        assert!(refused.to_string().contains(BY_HASH), "{refused}");
        assert_eq!(refused.response().status(), 404);
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let etag = |accepted: &str| {
            let response = ask("/eventhub.js", &[(ACCEPT_ENCODING, accepted)]).unwrap();
            response.headers()[ETAG].to_str().unwrap().to_owned()
        };
        let (packed, plain) = (etag("br"), etag(""));
        assert_ne!(packed, plain);
        let check = |known: &str, status: u16| {
            let headers = [(ACCEPT_ENCODING, "br"), (IF_NONE_MATCH, known)];
            let response = ask(BY_HASH, &headers).unwrap();
            assert_eq!(response.status(), status, "{known}");
            assert_eq!(response.body().is_empty(), status == 304);
            assert_eq!(response.headers()[ETAG], packed);
            assert!(response.headers().contains_key(CACHE_CONTROL));
        };
        check(&packed, 304);
        check(&format!("W/{packed}"), 304);
        check(&format!("\"x\", {packed}"), 304);
        check("*", 304);
        check(&plain, 200);
        check("\"x\"", 200);
    }
}
