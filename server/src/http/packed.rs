//! Files built into the binary, packed in two ways when it was built (see `build.rs`).
//!
//! A client that takes neither gets the file unpacked on the way; hardly any does, so there is no third copy.

use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// How long a client may keep a file whose name says what is in it.
pub(super) const CACHING_FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A file, packed.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) brotli: &'static [u8],
    pub(super) gzip: &'static [u8],
    /// The hash of the file as it is, 64 hexadecimal digits.
    pub(super) sha256: &'static str,
}

/// The files of the dashboard by their paths in `www/dist`, in order; none when it was not built.
pub(super) const fn dashboard() -> &'static [(&'static str, Packed)] {
    DASHBOARD
}

/// The tag; none when it was not built.
pub(super) const fn tag() -> Option<&'static Packed> {
    TAG.as_ref()
}

impl Packed {
    /// The answer to a request for the file, packed as the client likes it.
    ///
    /// # Panics
    /// When the file was packed wrongly.
    pub(super) fn answer(
        &self,
        media_type: &'static str,
        caching: &'static str,
        request: &HeaderMap,
    ) -> Response<Bytes> {
        let encoding = Encoding::best(request);
        // Each of the three is another sequence of bytes, so each has a name of its own.
        let etag = format!("\"{}-{}\"", &self.sha256[..32], encoding.name().unwrap_or("plain"));
        let is_known = request.get_all(IF_NONE_MATCH).iter().any(|known| names_etag(known, &etag));
        let mut response = Response::new(Bytes::new());
        let headers = response.headers_mut();
        headers.insert(ETAG, HeaderValue::try_from(etag).expect("hexadecimal digits and words"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some(name) = encoding.name() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        *response.body_mut() = match encoding {
            Encoding::Identity => self.unpacked(),
            Encoding::Gzip => Bytes::from_static(self.gzip),
            Encoding::Brotli => Bytes::from_static(self.brotli),
        };
        response
    }

    fn unpacked(&self) -> Bytes {
        let mut plain = Vec::new();
        GzDecoder::new(self.gzip).read_to_end(&mut plain).expect("packed when it was built");
        plain.into()
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
    /// As a header names it; none for bytes as they are.
    const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

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
pub(super) mod tests {
    use http::HeaderName;

    use super::*;

    /// `plain`, packed.
    pub(in super::super) static PLAIN: Packed = Packed {
        brotli: b"b",
        gzip: &[
            31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 43, 200, 73, 204, 204, 3, 0, 207, 98, 32, 25, 5, 0, 0,
            0,
        ],
        sha256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    };

    fn ask(headers: &[(HeaderName, &str)]) -> Response<Bytes> {
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        PLAIN.answer("text/plain", "no-cache", &headers)
    }

    #[test]
    fn the_client_says_how_it_is_packed() {
        let check = |accepted: &str, encoding: Option<&str>, content: &[u8]| {
            let response = ask(&[(ACCEPT_ENCODING, accepted)]);
            let found = response.headers().get(CONTENT_ENCODING).map(|v| v.to_str().unwrap());
            assert_eq!((found, &response.body()[..]), (encoding, content), "{accepted}");
            assert_eq!(response.headers()[VARY], "Accept-Encoding");
            assert_eq!(response.headers()[CONTENT_TYPE], "text/plain");
        };
        check("gzip, deflate, br, zstd", Some("br"), b"b");
        check("gzip, deflate", Some("gzip"), PLAIN.gzip);
        check("GZIP;Q=0.5", Some("gzip"), PLAIN.gzip);
        check("br;q=0, gzip", Some("gzip"), PLAIN.gzip);
        check("br;q=0.1, gzip;q=0.9", Some("gzip"), PLAIN.gzip);
        check("*", Some("br"), b"b");
        check("*;q=0", None, b"plain");
        check("br;q=x", None, b"plain");
        check("identity", None, b"plain");
        check("", None, b"plain");
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let etag = |accepted: &str| {
            ask(&[(ACCEPT_ENCODING, accepted)]).headers()[ETAG].to_str().unwrap().to_owned()
        };
        let (packed, plain) = (etag("br"), etag(""));
        assert_ne!(packed, plain);
        let check = |known: &str, status: u16| {
            let response = ask(&[(ACCEPT_ENCODING, "br"), (IF_NONE_MATCH, known)]);
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

    #[test]
    fn what_is_built_in_is_packed_soundly() {
        for (name, file) in dashboard() {
            assert!(!file.unpacked().is_empty(), "{name}");
        }
        assert!(tag().is_none_or(|tag| tag.unpacked().len() > tag.brotli.len()));
    }
}
