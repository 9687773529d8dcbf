//! Browsers that sign in, and what the password closes.

use super::*;

const JSON: &str = "content-type: application/json";
const HOST: &str = "host: hub.example";
const SESSION: &str = "POST /api/v1/session";
const RIGHT: &str = r#"{"username": "admin", "password": "secret"}"#;

fn guarded() -> Service {
    let sign_in = SignIn::with_password("admin".into(), "secret").unwrap();
    service(Arc::new(Fake::default()), Access { gate: Gate::SignIn(Box::new(sign_in)), ..open() })
}

/// The header by which a browser sends back a cookie.
fn cookie(got: &Got) -> String {
    format!("cookie: other=1; {}", got.header("set-cookie").split(';').next().unwrap())
}

#[tokio::test]
async fn a_session_opens_what_the_password_does() {
    let service = guarded();
    let got = ask(&service, SESSION, &[HOST, JSON], RIGHT).await;
    assert_eq!((got.status, got.body.as_str()), (204, ""));
    let set = got.header("set-cookie");
    assert!(set.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict"), "{set}");
    let cookie = cookie(&got);
    for path in ["/api/v1/event-types", "/events/types", "/metrics", "/varz", "/debug"] {
        let line = format!("GET {path}");
        assert_eq!(ask(&service, &line, &[HOST], "").await.status, 401, "{path}");
        assert_ne!(ask(&service, &line, &[HOST, &cookie], "").await.status, 401, "{path}");
        let cross = "sec-fetch-site: cross-site";
        let got = ask(&service, &line, &[HOST, &cookie, cross], "").await;
        assert_eq!(got.status, 403, "{path}");
    }
    let got = ask(&service, "DELETE /api/v1/session", &[HOST, &cookie], "").await;
    assert_eq!(got.status, 204);
    assert!(got.header("set-cookie").contains("=; Path=/; Max-Age=0; "));
    let line = "GET /api/v1/event-types";
    assert_eq!(ask(&service, line, &[HOST, &cookie], "").await.status, 401);
    assert_eq!(ask(&service, "DELETE /api/v1/session", &[HOST, &cookie], "").await.status, 204);
}

#[tokio::test]
async fn the_dashboard_is_open_and_asks_by_its_own_form() {
    let service = guarded();
    for path in ["/", "/nowhere"] {
        let line = format!("GET {path}");
        assert_ne!(ask(&service, &line, &[HOST], "").await.status, 401, "{path}");
        let foreign = [HOST, "sec-fetch-site: cross-site"];
        assert_ne!(ask(&service, &line, &foreign, "").await.status, 403, "{path}");
    }
    let line = "GET /api/v1/event-types";
    for (header, prompt) in [
        ("sec-fetch-mode: cors", false),
        ("sec-fetch-mode: same-origin", false),
        ("sec-fetch-mode: navigate", true),
        ("x-requested-with: dashboard", false),
        ("accept: application/json", true),
    ] {
        let got = ask(&service, line, &[HOST, header], "").await;
        assert_eq!(got.refusal(), (401, "unauthorized".into(), String::new()), "{header}");
        assert_eq!(!got.header("www-authenticate").is_empty(), prompt, "{header}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_late_and_without_a_prompt() {
    let service = guarded();
    for body in [
        r#"{"username": "admin", "password": "x"}"#,
        r#"{"username": "root", "password": "secret"}"#,
    ] {
        let started = Instant::now();
        let got = ask(&service, SESSION, &[HOST, JSON], body).await;
        assert_eq!(got.refusal(), (401, "unauthorized".into(), String::new()));
        assert_eq!((got.header("www-authenticate"), got.header("set-cookie")), ("", ""));
        assert!(started.elapsed() >= Duration::from_millis(500));
    }
    let got = ask(&service, SESSION, &[HOST, JSON], r#"{"username": "admin"}"#).await;
    assert_eq!(got.refusal(), (400, "invalid_field".into(), "/password".into()));
    let got = ask(&service, SESSION, &[HOST], RIGHT).await;
    assert_eq!(got.refusal().0, 415);
    let cross = [HOST, JSON, "sec-fetch-site: cross-site"];
    assert_eq!(ask(&service, SESSION, &cross, RIGHT).await.refusal().0, 403);
}

#[tokio::test]
async fn over_https_the_cookie_is_secure() {
    let service = guarded();
    for (proto, secure) in [("https", true), ("https, http", true), ("http", false)] {
        let header = format!("x-forwarded-proto: {proto}");
        let got = ask(&service, SESSION, &[HOST, JSON, &header], RIGHT).await;
        assert_eq!(got.header("set-cookie").ends_with("; Secure"), secure, "{proto}");
    }
}

#[tokio::test]
async fn without_a_password_there_is_no_session() {
    let (_, service) = fake_service();
    let got = ask(&service, SESSION, &[JSON], RIGHT).await;
    assert_eq!((got.status, got.header("set-cookie")), (204, ""));
    let got = ask(&service, SESSION, &[HOST, JSON], RIGHT).await;
    assert_eq!(got.refusal().0, 403);
}
