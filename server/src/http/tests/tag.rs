//! The tag over HTTP: who gets it, and by which names.

use super::*;

const HOST: &str = "host: hub.example";

/// A server with a password, the tag at `/s/e.js`.
fn guarded() -> Service {
    let sign_in = SignIn::with_password("admin".into(), "secret").unwrap();
    let access = Access { gate: Gate::SignIn(Box::new(sign_in)), ..open() };
    let names = named();
    Service::new(Arc::new(Fake::default()), Settings { names, ..settings(access) }, intake())
}

fn is_built_in() -> bool {
    lasting_tag(&Names::default()).is_some()
}

/// What a request for the tag is answered with, whether it was built in or not.
#[track_caller]
fn check_tag(got: &Got) {
    if is_built_in() {
        assert_eq!((got.status, got.header("access-control-allow-origin")), (200, "*"));
        assert!(got.header("content-type").starts_with("text/javascript"));
        assert!(got.header("cache-control").starts_with("public"));
    } else {
        assert_eq!(got.refusal().0, 404);
        assert!(got.body.contains("cargo xtask run"), "{}", got.body);
        assert_eq!(got.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn the_tag_is_open() {
    let cross = "sec-fetch-site: cross-site";
    check_tag(&ask(&guarded(), "GET /s/e.js", &[HOST, cross], "").await);
    check_tag(&ask(&guarded(), "HEAD /s/e.js", &[HOST], "").await);
    assert_eq!(ask(&guarded(), "GET /eventhub.js", &[HOST], "").await.status, 404);
    let got = ask(&guarded(), "POST /s/e.js", &[HOST], "").await;
    assert_eq!((got.status, got.header("allow")), (405, "GET, HEAD, OPTIONS"));
    assert_eq!(ask(&guarded(), "OPTIONS /s/e.js", &[HOST], "").await.status, 204);
}

#[tokio::test]
async fn without_a_password_the_tag_keeps_to_the_hosts() {
    let (_, service) = fake_service();
    check_tag(&ask(&service, "GET /eventhub.js", &[], "").await);
    let got = ask(&service, "GET /eventhub.js", &["host: evil.example"], "").await;
    assert_eq!(got.refusal().0, 403);
}

#[tokio::test]
async fn the_tag_of_another_version_is_not_there() {
    let got = ask(&guarded(), "GET /s/e.0000000000000000.js", &[HOST], "").await;
    assert_eq!(got.refusal(), (404, "not_found".into(), String::new()));
    assert_eq!(got.body.contains("/s/e."), is_built_in(), "{}", got.body);
}
