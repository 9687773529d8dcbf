//! Views of the dashboard that show what there is in the demo.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::Settings;

/// A question under a name.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The name of the view.
    pub name: &'static str,
    /// The dashboard's screen.
    pub screen: &'static str,
    /// The body of the request that the screen asks.
    pub question: Value,
}

impl View {
    /// The view as the dashboard saves it: a JSON object.
    #[must_use]
    pub fn saved(&self) -> String {
        let parameters = json!({ "q": self.question.to_string() });
        json!({ "screen": self.screen, "parameters": parameters }).to_string()
    }
}

pub(super) fn all(settings: &Settings) -> Vec<View> {
    let whole = range(settings, settings.first_day());
    let tried = range(settings, settings.experiment_day());
    let path = steps(["page_view", "signup", "create_project", "invite_teammate", "subscribe"]);
    let window = json!({ "amount": 30, "unit": "days" });
    let view = |name, screen, question| View { name, screen, question };
    [
        view(
            "From visit to subscription",
            "funnel",
            json!({ "range": whole, "steps": path, "window": window }),
        ),
        view(
            "First project by platform",
            "funnel",
            json!({
                "range": whole,
                "steps": steps(["signup", "create_project", "invite_teammate"]),
                "window": window,
                "breakdown": { "property": "platform", "of": "event", "step": 0 },
            }),
        ),
        view(
            "Weeks after sign-up",
            "retention",
            json!({
                "range": whole,
                "period": "week",
                "start_event": { "event": "signup" },
                "return_event": { "event": "session_start" },
                "columns": 8,
            }),
        ),
        view(
            "Revenue by plan",
            "trends",
            json!({
                "range": whole,
                "interval": "week",
                "event": { "event": "payment" },
                "measure": { "function": "sum", "property": "amount" },
                "breakdown": { "property": "plan", "of": "event" },
            }),
        ),
        view(
            "Active users a day",
            "trends",
            json!({
                "range": whole,
                "interval": "day",
                "event": { "event": "session_start" },
                "measure": { "function": "users" },
            }),
        ),
        view(
            "Pricing page",
            "experiment",
            json!({
                "range": tried,
                "steps": steps(["view_plans", "subscribe"]),
                "window": { "amount": 7, "unit": "days" },
                "breakdown": { "property": "variant", "of": "event", "step": 0 },
                "experiment": { "control": "control" },
            }),
        ),
    ]
    .into()
}

fn steps<const N: usize>(events: [&str; N]) -> Value {
    events.map(|event| json!({ "event": event })).to_vec().into()
}

/// From a day to the end of the data.
fn range(settings: &Settings, first_day: i64) -> Value {
    json!({ "start": date(first_day), "end": date(settings.last_day() + 1) })
}

/// A day since 1970 as `YYYY-MM-DD`.
fn date(day: i64) -> String {
    Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(day)).to_string()
}
