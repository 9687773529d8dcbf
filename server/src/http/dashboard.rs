//! The dashboard, built into the binary when `www/dist` was there (see `build.rs`).

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, Response};

#[cfg(eventhub_dashboard)]
static FILES: include_dir::Dir<'_> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/../www/dist");
#[cfg(not(eventhub_dashboard))]
static FILES: include_dir::Dir<'_> = include_dir::Dir::new("", &[]);

/// The screens, each of which has an address of its own (`www/src/app/screens.tsx`). All are the same page, which reads
/// its address.
const SCREENS: [&str; 7] =
    ["funnel", "retention", "trends", "experiment", "users", "events", "status"];

/// The page, wherever it is asked for.
const PAGE: &str = "index.html";

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
    cfg!(eventhub_dashboard)
}

/// Whether there is something at a path.
pub(super) fn has(path: &str) -> bool {
    file(path).is_some()
}

/// The file at a path, if there is one.
pub(super) fn file(path: &str) -> Option<Response<Bytes>> {
    let name = match path.strip_prefix('/')? {
        "" => PAGE,
        name if SCREENS.contains(&name) => PAGE,
        name if name == PLAYGROUND.0 => PLAYGROUND.1,
        name => name,
    };
    let Some(file) = FILES.get_file(name) else {
        return (path == "/")
            .then(|| response("text/plain; charset=utf-8", ABSENT.as_bytes(), false));
    };
    let is_named_by_content = name.starts_with("assets/");
    Some(response(media_type(name), file.contents(), is_named_by_content))
}

fn response(
    media_type: &'static str,
    content: &'static [u8],
    is_named_by_content: bool,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(content));
    let caching =
        if is_named_by_content { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
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

    #[test]
    fn the_root_always_shows_something() {
        let page = file("/").unwrap();
        let expected = if is_built_in() { "text/html" } else { "text/plain" };
        assert!(page.headers()[CONTENT_TYPE].to_str().unwrap().starts_with(expected));
        assert_eq!(page.headers()[CACHE_CONTROL], "no-cache");
        assert_eq!(file("/funnel").is_some(), is_built_in());
        assert_eq!(file("/playground").is_some(), is_built_in());
        assert!(file("/funnel/").is_none());
        assert!(file("/no/such/file").is_none());
        assert!(file("/../Cargo.toml").is_none());
        assert!(file("/assets").is_none());
    }
}
