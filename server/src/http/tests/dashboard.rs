//! The dashboard's files over HTTP: packed as the client takes them, and kept as long as their names say.

use std::io::Read;

use flate2::read::GzDecoder;

use super::*;

/// The page and one of the files that it names; none when the dashboard was not built in.
async fn files(service: &Service) -> Option<[String; 2]> {
    let page = ask(service, "GET /", &[], "").await;
    let (_, rest) = page.body.split_once("src=\"./assets/")?;
    let (name, _) = rest.split_once('"')?;
    Some(["/".to_owned(), format!("/assets/{name}")])
}

#[tokio::test]
async fn files_are_packed_as_the_client_takes_them() {
    let (_, service) = fake_service();
    let found = files(&service).await;
    assert_eq!(found.is_some(), has_dashboard());
    for path in found.into_iter().flatten() {
        let get = format!("GET {path}");
        let plain = ask(&service, &get, &[], "").await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, ""), "{path}");
        let gzip = ask(&service, &get, &["accept-encoding: gzip, deflate"], "").await;
        assert_eq!(gzip.header("content-encoding"), "gzip", "{path}");
        let mut unpacked = Vec::new();
        GzDecoder::new(&gzip.bytes[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain.bytes, "{path}");
        let brotli = ask(&service, &get, &["accept-encoding: gzip, deflate, br"], "").await;
        assert_eq!(brotli.header("content-encoding"), "br", "{path}");
        assert!(brotli.bytes.len() < gzip.bytes.len(), "{path}");
        for got in [&plain, &gzip, &brotli] {
            assert_eq!(got.header("vary"), "Accept-Encoding");
            assert_eq!(got.header("x-content-type-options"), "nosniff");
            assert!(got.header("content-security-policy").contains("default-src 'self'"));
            let caching = got.header("cache-control");
            assert_eq!(caching.contains("immutable"), path != "/", "{path}: {caching}");
        }
        let head = ask(&service, &format!("HEAD {path}"), &["accept-encoding: br"], "").await;
        assert_eq!((head.status, head.header("etag")), (200, brotli.header("etag")));
    }
}

#[tokio::test]
async fn a_file_that_the_client_has_is_not_sent_again() {
    let (_, service) = fake_service();
    for path in files(&service).await.into_iter().flatten() {
        let get = format!("GET {path}");
        let first = ask(&service, &get, &["accept-encoding: br"], "").await;
        let known = format!("if-none-match: {}", first.header("etag"));
        let again = ask(&service, &get, &["accept-encoding: br", &known], "").await;
        assert_eq!((again.status, again.bytes.len()), (304, 0), "{path}");
        assert_eq!(again.header("cache-control"), first.header("cache-control"));
        let other = ask(&service, &get, &["accept-encoding: gzip", &known], "").await;
        assert_eq!(other.status, 200, "packed otherwise, it is another sequence of bytes");
    }
}
