//! Who may ask: hosts and passwords for what holds data, write keys and origins for what takes it in.
//!
//! A browser is the reason for most of this. Pages of other origins must not read data (no CORS there),
//! nor reach a server that has no password through a name of their own (the Host is checked), nor have
//! the browser's stored credentials spent on their requests (cross-site requests are refused).

use std::net::IpAddr;
use std::time::Instant;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, AUTHORIZATION, HOST, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use subtle::ConstantTimeEq;

use super::error::ApiError;
use super::params::Params;
use super::paths::Area;
use super::sign_in::SignIn;
use super::v1::Resource;

/// The header that may hold the write key; a parameter named `write_key` does as well.
const WRITE_KEY_HEADER: &str = "x-write-key";
const WRITE_KEY_PARAMETER: &str = "write_key";

/// Names by which a machine calls itself.
const LOCAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The rules of access of a server.
#[derive(Debug)]
pub struct Access {
    /// Who may see data.
    pub gate: Gate,
    /// The key that tracking paths ask for, if any.
    pub write_key: Option<String>,
    /// Origins whose pages may read the answers of tracking paths; none named means any.
    pub cors_origins: Vec<String>,
}

/// Who may see data.
#[derive(Debug)]
pub enum Gate {
    /// Whoever reaches the server under a local name or one of these hosts.
    Hosts(Vec<String>),
    /// Whoever signs in.
    SignIn(Box<SignIn>),
}

impl Access {
    /// Checks all that can be told before the body is read.
    ///
    /// # Errors
    /// When the host is foreign, the request comes from another site, or the password is missing or
    /// wrong.
    pub(super) async fn admit(
        &self,
        area: Area,
        request: &Parts,
        peer: IpAddr,
    ) -> Result<(), ApiError> {
        if let Gate::Hosts(allowed) = &self.gate {
            check_host(request, allowed)?;
        }
        if area.takes_from_pages() || matches!(area, Area::Health | Area::Tag(_)) {
            return Ok(());
        }
        check_site(area, &request.headers)?;
        match &self.gate {
            // The dashboard holds no data, and shows the form to sign in by.
            Gate::SignIn(_) if area == Area::Files => Ok(()),
            // Who signs in or out is not signed in, or need not be.
            Gate::SignIn(_) if area == Area::Api(Resource::Session) => Ok(()),
            Gate::SignIn(sign_in) if sign_in.sessions().holds(&request.headers, Instant::now()) => {
                Ok(())
            }
            Gate::SignIn(sign_in) if request.method != Method::OPTIONS => {
                let checked = sign_in.check(request.headers.get(AUTHORIZATION), peer).await;
                checked.map_err(|error| match error {
                    ApiError::SignIn if is_from_page(&request.headers) => ApiError::SignInByForm,
                    error => error,
                })
            }
            Gate::Hosts(_) if area == Area::Debug => Err(ApiError::Forbidden(
                "/debug needs a password: start the server with --password or --password-file",
            )),
            _ => Ok(()),
        }
    }

    /// Checks the write key of a tracking request and takes it out of the parameters, so that it is
    /// never stored. Where no key is asked for, a parameter of that name is a property like others.
    ///
    /// # Errors
    /// When the key is missing or wrong.
    pub(super) fn check_write_key(
        &self,
        headers: &HeaderMap,
        params: &mut Params,
    ) -> Result<(), ApiError> {
        let Some(expected) = &self.write_key else { return Ok(()) };
        let parameter = params.take(WRITE_KEY_PARAMETER);
        let header = headers.get(WRITE_KEY_HEADER).map(HeaderValue::as_bytes);
        let given = header.or(parameter.as_deref().map(str::as_bytes)).unwrap_or_default();
        if expected.as_bytes().ct_eq(given).into() { Ok(()) } else { Err(ApiError::WriteKey) }
    }

    /// Adds what tells a browser that a page may read this answer of a tracking path.
    pub(super) fn allow_origin(&self, request: &HeaderMap, response: &mut HeaderMap) {
        // A tag that is told to wait must be able to read how long.
        let exposed = HeaderValue::from_static("Retry-After");
        response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        if self.cors_origins.is_empty() {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            return;
        }
        response.append(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = request.get(ORIGIN) else { return };
        let allowed = |allowed: &String| allowed.as_bytes().eq_ignore_ascii_case(origin.as_bytes());
        if self.cors_origins.iter().any(allowed) {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    }
}

/// Adds what a browser asks before it sends a request that a form could not make.
pub(super) fn allow_preflight(response: &mut HeaderMap) {
    let headers = "Content-Type, Content-Encoding, X-Write-Key";
    response.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    response.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(headers));
    response.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
}

/// Checks every name under which the request says it reaches this server.
fn check_host(request: &Parts, allowed: &[String]) -> Result<(), ApiError> {
    let refused = ApiError::Forbidden(
        "without a password this server answers only as localhost; name other hosts by --allowed-host, \
         or set a password",
    );
    let headers = request.headers.get_all(HOST).iter();
    let mut hosts = headers
        .map(HeaderValue::as_bytes)
        .chain(request.uri.authority().map(|authority| authority.as_str().as_bytes()))
        .peekable();
    let is_allowed = |host: &[u8]| {
        let name = host_name(host);
        LOCAL_HOSTS.iter().any(|local| name.eq_ignore_ascii_case(local.as_bytes()))
            || allowed.iter().any(|host| name.eq_ignore_ascii_case(host.as_bytes()))
    };
    if hosts.peek().is_some() && hosts.all(is_allowed) { Ok(()) } else { Err(refused) }
}

/// A host without its port.
fn host_name(host: &[u8]) -> &[u8] {
    let digits = host.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    match host[..host.len() - digits].split_last() {
        Some((b':', name)) => name,
        _ => host,
    }
}

/// Refuses what a page of another site asks for. Following a link to the dashboard is no such thing.
///
/// Browsers say so by `Sec-Fetch-Site` over HTTPS and to localhost, and otherwise at least name their
/// origin when they post.
fn check_site(area: Area, headers: &HeaderMap) -> Result<(), ApiError> {
    let refused = Err(ApiError::Forbidden("pages of other sites may not ask for this"));
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        _ if area == Area::Files => Ok(()),
        Some(b"cross-site") => refused,
        Some(b"same-site") if area == Area::Debug => refused,
        Some(_) => Ok(()),
        None => match (headers.get(ORIGIN), headers.get(HOST)) {
            (Some(origin), Some(host)) if !is_origin_of(origin.as_bytes(), host.as_bytes()) => {
                refused
            }
            _ => Ok(()),
        },
    }
}

/// Whether a script of a page asks, which says so itself where browsers do not (over HTTP, but to localhost).
fn is_from_page(headers: &HeaderMap) -> bool {
    headers.contains_key("x-requested-with")
        || headers.get("sec-fetch-mode").is_some_and(|mode| mode != "navigate")
}

fn is_origin_of(origin: &[u8], host: &[u8]) -> bool {
    let authority = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn without_a_password_hosts_are_local_or_named() {
        let check = |host: &str, expected: bool| {
            let request = parts("/", &[("host", host)]);
            let allowed = ["hub.example".to_string()];
            assert_eq!(check_host(&request, &allowed).is_ok(), expected, "{host}");
        };
        check("localhost", true);
        check("LOCALHOST:8080", true);
        check("127.0.0.1:1", true);
        check("[::1]:8080", true);
        check("[::1]", true);
        check("hub.example:443", true);
        check("evil.example", false);
        check("localhost.evil.example", false);
        check("127.0.0.1.evil.example:80", false);
        check("localhost@evil.example", false);
        check("localhost:80:90", false);
        check("127.0.0.2", false);
        check("", false);
        assert!(check_host(&parts("/", &[]), &[]).is_err());
        let absolute = parts("http://evil.example/", &[("host", "localhost")]);
        assert!(check_host(&absolute, &[]).is_err());
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let check = |area: Area, headers: &[(&str, &str)], expected: bool| {
            let found = check_site(area, &parts("/", headers).headers).is_ok();
            assert_eq!(found, expected, "{area:?} {headers:?}");
        };
        check(Area::Data, &[("sec-fetch-site", "cross-site")], false);
        check(Area::Debug, &[("sec-fetch-site", "cross-site")], false);
        check(Area::Debug, &[("sec-fetch-site", "same-site")], false);
        check(Area::Debug, &[("sec-fetch-site", "same-origin")], true);
        check(Area::Data, &[("sec-fetch-site", "none")], true);
        check(Area::Files, &[("sec-fetch-site", "cross-site")], true);
        check(Area::Data, &[], true);
        check(Area::Data, &[("origin", "http://a:80"), ("host", "a:80")], true);
        check(Area::Data, &[("origin", "http://b"), ("host", "a")], false);
        check(Area::Data, &[("origin", "null"), ("host", "a")], false);
    }

    #[test]
    fn a_write_key_comes_by_header_or_parameter_and_is_not_stored() {
        let access = |key: Option<&str>| Access {
            gate: Gate::Hosts(vec![]),
            write_key: key.map(str::to_string),
            cors_origins: vec![],
        };
        let check =
            |key: Option<&str>, header: Option<&str>, query: &str, expected: Option<usize>| {
                let headers: Vec<_> = header.map(|key| ("x-write-key", key)).into_iter().collect();
                let mut params = Params::parse(query.as_bytes(), b"").unwrap();
                let found = access(key).check_write_key(&parts("/", &headers).headers, &mut params);
                assert_eq!(found.ok().map(|()| params.iter().count()), expected, "{query}");
            };
        check(None, None, "a=1&write_key=k", Some(2));
        check(Some("k"), None, "a=1&write_key=k", Some(1));
        check(Some("k"), Some("k"), "a=1", Some(1));
        check(Some("k"), Some("x"), "write_key=k", None);
        check(Some("k"), None, "a=1&write_key=kk", None);
        check(Some("k"), None, "a=1", None);
    }

    #[test]
    fn origins_are_any_or_those_named() {
        let check = |named: &[&str], origin: &str, expected: Option<&str>| {
            let access = Access {
                gate: Gate::Hosts(vec![]),
                write_key: None,
                cors_origins: named.iter().map(ToString::to_string).collect(),
            };
            let mut headers = HeaderMap::new();
            access.allow_origin(&parts("/", &[("origin", origin)]).headers, &mut headers);
            let found = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(found.map(|v| v.to_str().unwrap()), expected, "{origin}");
        };
        check(&[], "https://a.example", Some("*"));
        check(&["https://a.example"], "https://a.example", Some("https://a.example"));
        check(&["https://a.example"], "https://b.example", None);
    }
}
