//! The tag and the path that it sends to, as the operator names them.

use eventhub_tests::{Server, run};

#[test]
fn the_tag_has_a_name_and_one_with_its_hash() {
    let server = Server::with(&["--tag-path", "/s/e.js", "--password", "secret of ours"]);
    let tag = server.get("/s/e.js");
    if tag.status == 404 {
        // The server was built without it.
        tag.assert_refused(404, "not_found");
        assert!(tag.error("message").contains("cargo xtask run"), "{tag:?}");
        return;
    }
    assert_eq!(tag.status, 200, "{tag:?}");
    assert!(tag.header("content-type").is_some_and(|of| of.starts_with("text/javascript")));
    assert_eq!(tag.header("access-control-allow-origin"), Some("*"));
    assert_eq!(tag.header("cross-origin-resource-policy"), Some("cross-origin"));
    assert_eq!(tag.header("x-content-type-options"), Some("nosniff"));
    let etag = tag.header("etag").expect("the tag has a name by its content").to_owned();
    let known = server.call("GET", "/s/e.js", &[("if-none-match", &etag)], b"");
    assert_eq!((known.status, known.body.as_str()), (304, ""));
    let hash = &etag.trim_start_matches('"')[..16];
    let by_hash = server.get(&format!("/s/e.{hash}.js"));
    assert_eq!((by_hash.status, &by_hash.body), (200, &tag.body));
    assert!(by_hash.header("cache-control").is_some_and(|of| of.contains("immutable")));
    server.get("/s/e.0000000000000000.js").assert_refused(404, "not_found");
    for encoding in ["br", "gzip"] {
        let packed = server.call("HEAD", "/s/e.js", &[("accept-encoding", encoding)], b"");
        assert_eq!((packed.status, packed.header("content-encoding")), (200, Some(encoding)));
        let length = packed.header("content-length").and_then(|length| length.parse().ok());
        assert!(length.is_some_and(|length: usize| 0 < length && length < tag.body.len()));
    }
}

#[test]
fn the_page_is_packed_and_says_how_long_it_is() {
    let server = Server::start();
    let page = server.get("/");
    if !page.header("content-type").is_some_and(|of| of.starts_with("text/html")) {
        // The server was built without the dashboard, and says so.
        assert!(page.body.contains("cargo xtask run"), "{page:?}");
        return;
    }
    for encoding in ["br", "gzip"] {
        let packed = server.call("HEAD", "/", &[("accept-encoding", encoding)], b"");
        assert_eq!((packed.status, packed.header("content-encoding")), (200, Some(encoding)));
        let length = packed.header("content-length").and_then(|length| length.parse().ok());
        assert!(length.is_some_and(|length: usize| 0 < length && length < page.body.len()));
    }
}

#[test]
fn events_are_taken_at_a_further_path() {
    let options = ["--ingest-path", "/s/in", "--password", "secret of ours", "--write-key", "k"];
    let server = Server::with(&options);
    let event = br#"[{"event_type": "a", "external_user_id": "u"}]"#;
    let headers = [("content-type", "text/plain"), ("origin", "https://shop.example")];
    for (path, expected) in [("/s/in", "[0]"), ("/api/v1/events", "[1]")] {
        server.call("POST", path, &headers, event).assert_refused(401, "unauthorized");
        let answer = server.call("POST", &format!("{path}?write_key=k"), &headers, event);
        assert_eq!((answer.status, answer.body), (200, format!("{{\"ids\":{expected}}}\n")));
    }
}

#[test]
fn a_server_does_not_start_with_a_path_that_cannot_be() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    let data = data.to_str().expect("the path is text");
    for (flag, path, said) in [
        ("--ingest-path", "in", "begin with /"),
        ("--ingest-path", "/health", "already"),
        ("--ingest-path", "/eventhub.js", "already"),
        ("--tag-path", "/events/track", ".js"),
        ("--tag-path", "/a b.js", "segments"),
    ] {
        let output = run(&["serve", "--listen", "127.0.0.1:0", "--data", data, flag, path]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(flag) && text.contains(said), "{text}");
    }
}
