//! Requests that make no sense: each is refused with its status and error body, and nothing of it is
//! stored.

use eventhub_tests::{Answer, Server};

use crate::established::converse;

macro_rules! refusals {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let server = Server::start();
            converse(&server, include_str!(concat!("../../refusals/", stringify!($name), ".txt")));
            assert_nothing_stored(&server);
        }
    )*};
}

refusals! { events dates questions }

#[track_caller]
fn assert_nothing_stored(server: &Server) {
    assert_eq!(server.events(), 0);
    for path in ["/events/types", "/users/find", "/users/keys"] {
        assert_eq!(server.get(path).body, "[]\n", "{path}");
    }
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn questions_have_limits() {
    let server = Server::start();
    let funnel = |steps: usize| {
        let steps = "&funnel_steps[]=t".repeat(steps);
        format!(
            "/events/funnel?start_date=20130101&end_date=20130201&num_days_to_complete_funnel=7{steps}"
        )
    };
    let cohort = |columns: u32| {
        format!(
            "/events/cohort?start_date=20130101&end_date=20130201&row_event_type=t&column_event_type=t&num_days_per_row=1&num_columns={columns}"
        )
    };
    server.get(&funnel(33)).assert_refused(400, "too_many");
    assert_eq!(server.get(&funnel(32)).numbers(), [0; 32]);
    server.get(&cohort(3_126)).assert_refused(400, "too_many");
    assert_eq!(server.get(&cohort(3_125)).json().as_array().map(Vec::len), Some(32));
    let filters = |count: usize| funnel(1) + &"&efk[]=a&efv[]=b".repeat(count);
    server.get(&filters(101)).assert_refused(400, "too_many");
    assert_eq!(server.get(&filters(100)).numbers(), [0]);
}

#[test]
fn texts_have_limits() {
    let server = Server::start();
    let track = |pairs: &[(&str, &str)]| server.post("/events/track", pairs);
    let refused = |answer: Answer, param: &str| {
        answer.assert_refused(400, "too_long");
        assert_eq!(answer.error("param"), param, "{answer:?}");
    };
    let of = |bytes: usize| "x".repeat(bytes);
    refused(track(&[("event_type", &of(256)), ("external_user_id", "u")]), "event_type");
    refused(track(&[("event_type", "t"), ("external_user_id", &of(401))]), "external_user_id");
    let base = [("event_type", "t"), ("external_user_id", "u")];
    refused(track(&[base[0], base[1], ("insert_id", &of(129))]), "insert_id");
    refused(track(&[base[0], base[1], (&of(256), "v")]), "property key");
    refused(track(&[base[0], base[1], ("k", &of(8193))]), "k");
    let keys: Vec<String> = (0..256).map(|n| format!("key_{n}")).collect();
    let many: Vec<(&str, &str)> =
        base.into_iter().chain(keys.iter().map(|k| (&**k, "v"))).collect();
    track(&many).assert_refused(400, "too_many");
    assert_nothing_stored(&server);
    // At its limit everything is taken.
    assert_eq!(track(&many[..257]).body, "0\n");
    let full =
        [("event_type", &*of(255)), ("external_user_id", &*of(400)), (&*of(255), &*of(8192))];
    assert_eq!(track(&full).body, "1\n");
}

#[test]
fn a_callback_is_a_name() {
    let server = Server::start();
    for callback in ["alert(1)", "a b", "", "a-b", "<script>", "a;b", "caf\u{e9}", "a\nb"] {
        let pairs = [("event_type", "t"), ("external_user_id", "u"), ("callback", callback)];
        let answer = server.ask("/events/track", &pairs);
        answer.assert_refused(400, "invalid_callback");
        assert_eq!(answer.error("param"), "callback");
    }
    assert_nothing_stored(&server);
}

#[test]
fn paths_and_methods_that_are_not_there() {
    let server = Server::start();
    for path in ["/event", "/events", "/events/", "/events/track/x", "/users/view", "/.env", "/%00"]
    {
        server.get(path).assert_refused(404, "not_found");
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        for path in ["/events/track", "/events/types", "/users/find"] {
            server.call(method, path, &[], b"").assert_refused(405, "method_not_allowed");
        }
    }
    assert_nothing_stored(&server);
}
