//! Requests that make no sense: each is refused with its status and error body, and nothing of it is
//! stored.

use eventhub_tests::{Answer, Server};

/// Request line, form body, then status, code and parameter of the refusal.
type Case = (&'static str, &'static str, u16, &'static str, &'static str);

/// Makes every call and compares the refusals; the server must be as empty afterwards as before.
#[track_caller]
fn check(cases: &[Case]) {
    let server = Server::start();
    for &(request, form, status, code, param) in cases {
        let (method, target) = request.split_once(' ').expect("a request line has two words");
        let answer = match method {
            "POST" => server.post_form(target, form.as_bytes()),
            _ => server.call(method, target, &[], b""),
        };
        println!("{request} {form}");
        answer.assert_refused(status, code);
        assert_eq!(answer.error("param"), param, "{answer:?}");
    }
    assert_nothing_stored(&server);
}

#[track_caller]
fn assert_nothing_stored(server: &Server) {
    assert_eq!(server.events(), 0);
    for path in ["/events/types", "/users/find", "/users/keys"] {
        assert_eq!(server.get(path).body, "[]\n", "{path}");
    }
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn events_need_a_type_and_a_user() {
    check(&[
        ("POST /events/track", "external_user_id=u", 400, "missing_parameter", "event_type"),
        ("POST /events/track", "event_type=t", 400, "missing_parameter", "external_user_id"),
        (
            "POST /events/track",
            "event_type=&external_user_id=u",
            400,
            "missing_parameter",
            "event_type",
        ),
        (
            "POST /events/track",
            "event_type=t&external_user_id=",
            400,
            "missing_parameter",
            "external_user_id",
        ),
        ("GET /events/track", "", 400, "missing_parameter", "event_type"),
        (
            "GET /events/track?event_type=t&external_user_id=u&=v",
            "",
            400,
            "missing_parameter",
            "property key",
        ),
        ("POST /users/add_or_update", "plan=free", 400, "missing_parameter", "external_user_id"),
        (
            "POST /users/alias",
            "from_external_user_id=a",
            400,
            "missing_parameter",
            "to_external_user_id",
        ),
        (
            "POST /users/alias",
            "to_external_user_id=a",
            400,
            "missing_parameter",
            "from_external_user_id",
        ),
        (
            "POST /users/alias",
            "from_external_user_id=&to_external_user_id=a",
            400,
            "missing_parameter",
            "from_external_user_id",
        ),
    ]);
}

#[test]
fn dates_are_days_of_the_calendar() {
    check(&[
        (
            "POST /events/track",
            "event_type=t&external_user_id=u&date=20131345",
            400,
            "invalid_date",
            "date",
        ),
        (
            "POST /events/track",
            "event_type=t&external_user_id=u&date=2013-01-01",
            400,
            "invalid_date",
            "date",
        ),
        (
            "POST /events/track",
            "event_type=t&external_user_id=u&date=20230229",
            400,
            "invalid_date",
            "date",
        ),
        (
            "POST /events/track",
            "event_type=t&external_user_id=u&date=",
            400,
            "invalid_date",
            "date",
        ),
        (
            "POST /events/track",
            "event_type=t&external_user_id=u&date=19691231",
            400,
            "invalid_date",
            "date",
        ),
        (
            "POST /events/track",
            "event_type=t&external_user_id=u&date=22000101",
            400,
            "invalid_date",
            "date",
        ),
        (
            "POST /events/track",
            "event_type=t&external_user_id=u&timestamp=-1",
            400,
            "invalid_date",
            "timestamp",
        ),
        (
            "POST /events/track",
            "event_type=t&external_user_id=u&timestamp=99999999999999999999",
            400,
            "invalid_date",
            "timestamp",
        ),
        (
            "POST /events/track",
            "event_type=t&external_user_id=u&timestamp=yesterday",
            400,
            "invalid_date",
            "timestamp",
        ),
        (
            "GET /events/funnel?start_date=20131345&end_date=20130102&funnel_steps[]=t&num_days_to_complete_funnel=7",
            "",
            400,
            "invalid_date",
            "start_date",
        ),
        (
            "GET /events/funnel?start_date=20130101&end_date=now&funnel_steps[]=t&num_days_to_complete_funnel=7",
            "",
            400,
            "invalid_date",
            "end_date",
        ),
        (
            "GET /events/funnel?start_date=20130102&end_date=20130101&funnel_steps[]=t&num_days_to_complete_funnel=7",
            "",
            400,
            "invalid_parameter",
            "end_date",
        ),
        (
            "GET /events/cohort?start_date=20130102&end_date=20130101&row_event_type=t&column_event_type=t&num_days_per_row=1&num_columns=1",
            "",
            400,
            "invalid_parameter",
            "end_date",
        ),
        (
            "GET /events/cohort?end_date=20130101&row_event_type=t&column_event_type=t&num_days_per_row=1&num_columns=1",
            "",
            400,
            "missing_parameter",
            "start_date",
        ),
    ]);
}

const FUNNEL: &str = "GET /events/funnel?start_date=20130101&end_date=20130201";

#[test]
fn queries_have_sense_and_size() {
    let steps = |count: usize| "&funnel_steps[]=t".repeat(count);
    let funnel = |rest: &str| format!("{FUNNEL}{rest}");
    let window = "&num_days_to_complete_funnel=";
    let cohort = |days: &str, columns: &str| {
        format!(
            "GET /events/cohort?start_date=20130101&end_date=20130201&row_event_type=t&column_event_type=t&num_days_per_row={days}&num_columns={columns}"
        )
    };
    let cases = [
        (funnel("&num_days_to_complete_funnel=7"), "missing_parameter", "funnel_steps[]"),
        (funnel("&funnel_steps[]=t"), "missing_parameter", "num_days_to_complete_funnel"),
        (funnel(&format!("{}{window}7", steps(33))), "too_many", "funnel_steps[]"),
        (
            funnel("&funnel_steps[]=&num_days_to_complete_funnel=7"),
            "invalid_parameter",
            "funnel_steps[]",
        ),
        (
            funnel(&format!("{}{window}0", steps(2))),
            "invalid_parameter",
            "num_days_to_complete_funnel",
        ),
        (
            funnel(&format!("{}{window}-1", steps(2))),
            "invalid_parameter",
            "num_days_to_complete_funnel",
        ),
        (
            funnel(&format!("{}{window}x", steps(2))),
            "invalid_parameter",
            "num_days_to_complete_funnel",
        ),
        (
            funnel(&format!("{}{window}99999999999", steps(2))),
            "invalid_parameter",
            "num_days_to_complete_funnel",
        ),
        (
            funnel(&format!("{}{window}7&efk[]=a&efk[]=b&efv[]=c", steps(2))),
            "invalid_parameter",
            "efk[]",
        ),
        (funnel(&format!("{}{window}7&efv1[]=c", steps(2))), "invalid_parameter", "efk1[]"),
        (funnel(&format!("{}{window}7&ufk[]=c", steps(2))), "invalid_parameter", "ufk[]"),
        (funnel(&format!("{}{window}7&eck=c", steps(2))), "invalid_parameter", "eck"),
        (cohort("0", "1"), "invalid_parameter", "num_days_per_row"),
        (cohort("-7", "1"), "invalid_parameter", "num_days_per_row"),
        (cohort("1", "0"), "invalid_parameter", "num_columns"),
        (cohort("1", "-1"), "invalid_parameter", "num_columns"),
        (cohort("1", "3126"), "too_many", "num_columns"),
        (cohort("1", "4294967296"), "invalid_parameter", "num_columns"),
        (cohort("1", "18446744073709551616"), "invalid_parameter", "num_columns"),
        (cohort("1", "1") + "&refk[]=a", "invalid_parameter", "refk[]"),
        (cohort("1", "1") + "&cefv[]=a", "invalid_parameter", "cefk[]"),
        ("GET /users/find?ufk[]=a".to_owned(), "invalid_parameter", "ufk[]"),
        ("GET /events/keys".to_owned(), "missing_parameter", "event_type"),
        ("GET /events/values?event_type=t".to_owned(), "missing_parameter", "event_key"),
        ("GET /users/values".to_owned(), "missing_parameter", "user_key"),
        (
            "GET /users/timeline?offset=0&num_records=1".to_owned(),
            "missing_parameter",
            "external_user_id",
        ),
        (
            "GET /users/timeline?external_user_id=u&offset=-1&num_records=1".to_owned(),
            "invalid_parameter",
            "offset",
        ),
        (
            "GET /users/timeline?external_user_id=u&offset=0&num_records=1e3".to_owned(),
            "invalid_parameter",
            "num_records",
        ),
        ("GET /events/view".to_owned(), "missing_parameter", "event_id"),
        ("GET /events/view?event_id=first".to_owned(), "invalid_parameter", "event_id"),
    ];
    let server = Server::start();
    for (request, code, param) in &cases {
        let (_, target) = request.split_once(' ').expect("a request line has two words");
        println!("{request}");
        let answer = server.get(target);
        answer.assert_refused(400, code);
        assert_eq!(answer.error("param"), *param, "{answer:?}");
    }
    server.get("/events/view?event_id=0").assert_refused(404, "not_found");
    assert_eq!(server.get(cohort("1", "3125").trim_start_matches("GET ")).status, 200);
    assert_eq!(
        server
            .get(funnel(&format!("{}{window}7", steps(32))).trim_start_matches("GET "))
            .numbers()
            .len(),
        32
    );
    assert_nothing_stored(&server);
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
