use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;
use hashbrown::HashSet;

use xxhash_rust::xxh3::xxh3_64;

use super::*;
use crate::NewEvent;

/// Thursday, 2026-06-18, 12:00.
const END: i64 = 1_781_784_000_000;

fn demo(users: u32) -> Demo {
    let end = TimeMs::new(END).unwrap();
    Demo::new(Settings { users, ..Settings::until(end) })
}

fn events(demo: &Demo) -> impl Iterator<Item = NewEvent> {
    demo.items().filter_map(|item| if let Item::Event(event) = item { Some(event) } else { None })
}

fn of_type<'e>(events: &'e [NewEvent], name: &str) -> Vec<&'e NewEvent> {
    events.iter().filter(|event| event.event_type.as_str() == name).collect()
}

#[test]
fn a_seed_gives_the_same_data_everywhere() {
    let hash = |settings| {
        let mut text = String::new();
        Demo::new(settings).items().take(10_000).for_each(|item| {
            writeln!(text, "{item:?}").unwrap();
        });
        xxh3_64(text.as_bytes())
    };
    let settings = Settings { users: 1_000, ..Settings::until(TimeMs::new(END).unwrap()) };
    assert_eq!(hash(settings), 7_243_507_161_927_313_529);
    assert_ne!(hash(settings), hash(Settings { seed: 2, ..settings }));
    let later = Settings::until(TimeMs::new(END + DAY_MS).unwrap());
    assert_ne!(hash(settings), hash(Settings { users: 1_000, ..later }));
}

#[test]
fn the_default_is_what_its_documentation_says() {
    let demo = demo(Settings::until(TimeMs::MIN).users);
    let items: Vec<_> = demo.items().collect();
    let all: Vec<_> = events(&demo).collect();
    let mut counts = BTreeMap::new();
    all.iter().for_each(|event| *counts.entry(event.event_type.as_str()).or_insert(0) += 1);
    let of = |kind: fn(&Item) -> bool| items.iter().filter(|item| kind(item)).count();
    let aliases = of(|item| matches!(item, Item::Alias { .. }));
    let changes = of(|item| matches!(item, Item::User { .. }));
    let check = |name: &str, expected: core::ops::Range<usize>| {
        assert!(expected.contains(&counts[name]), "{name}: {counts:?}");
    };
    assert!((200_000..230_000).contains(&all.len()), "{} events", all.len());
    check("page_view", 35_000..40_000);
    check("signup", 3_800..4_300);
    check("session_start", 20_000..25_000);
    check("cancel_subscription", 5..100);
    assert_eq!(aliases - counts["signup"], 434, "{counts:?}");
    assert!(changes > counts["signup"] + counts["subscribe"], "a plan is set when it changes");
    let mut by_user: BTreeMap<_, u32> = BTreeMap::new();
    all.iter().for_each(|event| *by_user.entry(event.user.as_str()).or_insert(0) += 1);
    let busy = by_user.values().filter(|events| **events > 1_500).count();
    assert_eq!(busy, 8, "power users");
}

#[test]
fn everything_is_within_its_days_and_in_order() {
    for (users, days) in [(1, 1), (20, 1), (300, 7), (300, 400)] {
        let end = TimeMs::new(END).unwrap();
        let settings = Settings { users, days, ..Settings::until(end) };
        let demo = Demo::new(settings);
        let times: Vec<_> = events(&demo).map(|event| event.time.ms()).collect();
        assert!(times.is_sorted());
        assert!(times.iter().all(|time| (settings.first_day() * DAY_MS..END).contains(time)));
        assert_eq!(demo.items().len(), demo.items().count());
    }
}

#[test]
fn nobody_is_real_and_nobody_is_somebody_else() {
    let demo = demo(3_000);
    let mut accounts = HashSet::new();
    let mut visitors = HashSet::new();
    for item in demo.items() {
        match item {
            Item::Alias { from, to } => {
                assert!(visitors.insert(from), "a device has one account");
                accounts.insert(to);
            }
            Item::User { user, change } => {
                assert!(accounts.contains(&user), "an account begins with an alias");
                assert!(change.set().get("name").is_some());
            }
            Item::Event(event) => {
                let id = event.user.as_str();
                assert!(id.starts_with("visitor-") || accounts.contains(&event.user), "{id}");
            }
        }
    }
    assert!(accounts.iter().all(|id| id.as_str().ends_with("@example.com")));
    assert!(visitors.len() > accounts.len(), "some have a second device");
}

#[test]
fn what_a_subscriber_pays_is_the_price_of_the_plan() {
    let all: Vec<_> = events(&demo(3_000)).collect();
    let payments = of_type(&all, "payment");
    assert!(payments.len() > 100);
    let get =
        |event: &NewEvent, key: &str| event.properties.get(key).unwrap_or_default().to_string();
    for payment in payments {
        let paid = format!(
            "{} {} {}",
            get(payment, "plan"),
            get(payment, "billing"),
            get(payment, "amount")
        );
        let prices = [
            "starter monthly 9.00",
            "starter yearly 90.00",
            "team monthly 29.00",
            "team yearly 290.00",
            "business monthly 99.00",
            "business yearly 990.00",
        ];
        assert!(prices.contains(&paid.as_str()), "{paid}");
    }
}

#[test]
fn views_are_objects_that_the_dashboard_reads() {
    let views = demo(1).views();
    let saved: serde_json::Value = serde_json::from_str(&views[0].saved()).unwrap();
    assert_eq!(saved["screen"], "funnel");
    let question: serde_json::Value =
        serde_json::from_str(saved["parameters"]["q"].as_str().unwrap()).unwrap();
    assert_eq!(question["range"]["end"], "2026-06-19");
    assert_eq!(question["range"]["start"], "2026-03-21");
    let names: HashSet<_> = views.iter().map(|view| view.name).collect();
    assert_eq!(names.len(), views.len());
}
