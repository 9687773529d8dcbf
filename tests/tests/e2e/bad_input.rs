//! Requests that make no sense: each is refused with its status and error body, and nothing of it is
//! stored.

use eventhub_tests::{Answer, Server};

use super::established::converse;

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
}

#[test]
fn filters_are_counted_for_each_event_and_for_the_person() {
    let server = Server::start();
    let filters = |list: &str, count: usize| {
        let (key, value) = (format!("{list}[]"), format!("{}[]", list.replace("fk", "fv")));
        format!("&{key}=a&{value}=b").repeat(count)
    };
    let check = |path: &str, question: &str, filters: &[String], expected: Option<&str>| {
        let answer = server.post_form(path, (question.to_owned() + &filters.concat()).as_bytes());
        match expected {
            None => assert_eq!(answer.status, 200, "{answer:?}"),
            Some(param) => {
                answer.assert_refused(400, "too_many");
                assert_eq!(answer.error("param"), param, "{answer:?}");
            }
        }
    };
    let question = "start_date=20130101&end_date=20130201&num_days_to_complete_funnel=7";
    let question = question.to_owned() + &"&funnel_steps[]=t".repeat(32);
    let funnel = |filters: &[String], expected: Option<&str>| {
        check("/events/funnel", &question, filters, expected);
    };
    let of_all_steps: Vec<String> = (0..32).map(|step| filters(&format!("efk{step}"), 8)).collect();
    funnel(&of_all_steps, None);
    funnel(&[filters("efk", 99), filters("efk31", 1), filters("ufk", 100)], None);
    funnel(&[filters("efk", 99), filters("efk31", 2)], Some(""));
    funnel(&[filters("ufk", 101)], Some("ufk[]"));
    let question = "start_date=20130101&end_date=20130201&row_event_type=t&column_event_type=t\
                    &num_days_per_row=1&num_columns=1";
    let cohort = |filters: &[String], expected: Option<&str>| {
        check("/events/cohort", question, filters, expected);
    };
    cohort(&["refk", "cefk", "ufk"].map(|list| filters(list, 100)), None);
    for list in ["refk", "cefk", "ufk"] {
        cohort(&[filters(list, 101)], Some(&format!("{list}[]")));
    }
    check("/users/find", "", &[filters("ufk", 100)], None);
    check("/users/find", "", &[filters("ufk", 101)], Some("ufk[]"));
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
    refused(track(&[base[0], base[1], (&of(256), "v")]), "");
    refused(track(&[base[0], base[1], ("k", &of(8193))]), "k");
    let keys: Vec<String> = (0..256).map(|n| format!("key_{n}")).collect();
    let many: Vec<(&str, &str)> =
        base.into_iter().chain(keys.iter().map(|k| (&**k, "v"))).collect();
    let answer = track(&many);
    answer.assert_refused(400, "too_many");
    assert_eq!(answer.error("param"), "", "{answer:?}");
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
    for path in ["/event", "/users/", "/events/", "/events/track/x", "/users/view", "/.env", "/%00"]
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
