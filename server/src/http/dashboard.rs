//! The dashboard, built into the binary when `www/dist` was there (see `build.rs`).

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response};

use super::packed::{self, CACHING_FOR_EVER, Packed};

/// The screens, each of which has an address of its own (`www/src/app/screens.tsx`). All are the same page, which reads
/// its address.
const SCREENS: [&str; 7] =
    ["funnel", "retention", "trends", "experiment", "users", "events", "status"];

/// The page, wherever it is asked for.
const PAGE: &str = "index.html";

/// The page names its files by their content, and is itself asked for again each time.
const CACHING: &str = "no-cache";

/// Where the same dashboard is that needs no server, and its page.
const PLAYGROUND: (&str, &str) = ("playground", "playground.html");

/// Files alone: nothing that an event contains can run in the page, nor change how it looks. The page makes no style
/// element by script, so that styles need no exception either. WebAssembly, in which the query engine answers in the page, may be
/// compiled; no text becomes script by that.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// What `/` shows when there is no dashboard.
const ABSENT: &str = "EventHub is running. This binary was built without the dashboard: build it with \
    `cargo xtask run`, or `npm install && npm run build --workspace www` and then \
    `cargo build --release -p eventhub-server`. The HTTP API works all the same.\n";

/// Whether the dashboard was built in.
#[must_use]
pub const fn is_built_in() -> bool {
    !packed::dashboard().is_empty()
}

/// Whether there is something at a path.
pub(super) fn has(path: &str) -> bool {
    path == "/" || find(path).is_some()
}

/// The answer to a request for the file at a path, if there is one.
pub(super) fn file(path: &str, request: &HeaderMap) -> Option<Response<Bytes>> {
    let mut response = match find(path) {
        Some((name, file)) => {
            let is_named_by_content = name.starts_with("assets/");
            let caching = if is_named_by_content { CACHING_FOR_EVER } else { CACHING };
            file.answer(media_type(name), caching, request)
        }
        None if path == "/" => absent(),
        None => return None,
    };
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Some(response)
}

/// The name and the content of the file at a path.
fn find(path: &str) -> Option<&'static (&'static str, Packed)> {
    let name = match path.strip_prefix('/')? {
        "" => PAGE,
        name if SCREENS.contains(&name) => PAGE,
        name if name == PLAYGROUND.0 => PLAYGROUND.1,
        name => name,
    };
    packed::dashboard().iter().find(|(found, _)| *found == name)
}

fn absent() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(ABSENT.as_bytes()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(CACHING));
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Option<Response<Bytes>> {
        file(path, &HeaderMap::new())
    }

    #[test]
    fn the_root_always_shows_something() {
        let page = get("/").unwrap();
        let expected = if is_built_in() { "text/html" } else { "text/plain" };
        assert!(page.headers()[CONTENT_TYPE].to_str().unwrap().starts_with(expected));
        assert_eq!(page.headers()[CACHE_CONTROL], "no-cache");
        for page in ["/funnel", "/playground"] {
            assert_eq!(get(page).is_some(), is_built_in(), "{page}");
        }
        for path in ["/funnel/", "/no/such/file", "/../Cargo.toml", "/assets", ""] {
            assert!(get(path).is_none() && !has(path), "{path}");
        }
    }

    #[test]
    fn files_that_the_page_names_are_kept_for_ever() {
        let assets = packed::dashboard().iter().filter(|(name, _)| name.starts_with("assets/"));
        for (name, _) in assets {
            let response = get(&format!("/{name}")).unwrap();
            assert!(response.headers()[CACHE_CONTROL].to_str().unwrap().contains("immutable"));
            assert!(response.headers().contains_key(CONTENT_SECURITY_POLICY));
            assert_ne!(response.headers()[CONTENT_TYPE], "application/octet-stream", "{name}");
        }
    }
}
