//! Whatever goes wrong, every event arrives once or is counted as dropped.

use std::collections::BTreeSet;

use proptest::collection::vec as list;
use proptest::prelude::*;

use crate::tracker::tests::world::{Fate, Tab, config, world};
use crate::tracker::{Config, Pairs};

fn waiting(tab: &mut Tab) {
    tab.machine.track(1, "a", Pairs(""), None);
    tab.machine.track(1, "b", Pairs(""), None);
    tab.fire();
    tab.grant(2);
}

#[test]
fn a_failed_batch_is_sent_again_after_a_wait_that_doubles() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    waiting(&mut tab);
    let faults =
        [Fate::LostBefore, Fate::Status(503, 0), Fate::Status(429, 0), Fate::Status(401, 0)];
    for (attempt, fate) in faults.into_iter().cycle().take(12).enumerate() {
        assert!(tab.answer(fate, 100, 0.5));
        let most = (1_000.0 * 2f64.powi(attempt as i32)).min(300_000.0);
        assert_eq!(tab.asked.borrow().timer_ms, Some(most / 2.0), "{attempt}");
        assert_eq!(tab.world.borrow().holder, None, "another page may try");
        assert_eq!(tab.asked.borrow_mut().flushed.pop(), Some(false));
        assert_eq!(tab.stored_commands(), 2);
        tab.fire();
        tab.grant(200);
    }
    tab.answer(Fate::Delivered, 300, 0.5);
    assert_eq!(tab.stored_commands(), 0);
    tab.machine.track(301, "c", Pairs(""), None);
    tab.fire();
    tab.grant(302);
    tab.answer(Fate::LostBefore, 303, 0.5);
    assert_eq!(tab.asked.borrow().timer_ms, Some(500.0), "a success begins anew");
}

#[test]
fn the_server_says_how_long_to_wait_and_nothing_goes_before() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    waiting(&mut tab);
    tab.answer(Fate::Status(503, 400_000), 100, 0.0);
    assert_eq!(tab.asked.borrow().timer_ms, Some(400_000.0));
    tab.machine.flush(101);
    tab.machine.wake(102);
    tab.machine.hide(103);
    assert!(!tab.asked.borrow().lock && tab.asked.borrow().sent.is_empty());
    assert_eq!(tab.asked.borrow().flushed, [false, false]);
    tab.machine.wake(400_100);
    tab.settle(400_101);
    assert_eq!(tab.world.borrow().server.types(), ["a", "b"]);
}

#[test]
fn what_failed_is_sent_again_by_a_request_that_needs_none_of_the_room_for_those_that_outlive_a_page()
 {
    let mut tab = Tab::open(&world(), config(), 1, "");
    waiting(&mut tab);
    let outlives = |tab: &Tab| tab.asked.borrow().sent.last().is_some_and(|sent| sent.2);
    assert!(outlives(&tab));
    tab.answer(Fate::LostBefore, 100, 0.5);
    tab.fire();
    tab.grant(200);
    assert!(!outlives(&tab));
    tab.machine.track(201, "c", Pairs(""), None);
    tab.machine.hide(202);
    assert!(outlives(&tab));
    tab.settle(203);
    waiting(&mut tab);
    assert!(outlives(&tab), "after a success as before");
}

#[test]
fn after_a_failure_that_another_tab_made_good_the_next_event_sets_the_timer() {
    let world = world();
    let mut tab = Tab::open(&world, config(), 1, "");
    waiting(&mut tab);
    tab.answer(Fate::LostBefore, 100, 0.5);
    Tab::open(&world, config(), 2, "").settle(200);
    tab.settle(300);
    assert_eq!(tab.machine.stats().queued, 0);
    tab.machine.track(301, "c", Pairs(""), None);
    assert_eq!(tab.asked.borrow().timer_ms, Some(1_000.0));
}

#[test]
fn a_clock_before_1970_delays_nothing() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    tab.machine.track(-2_000, "a", Pairs(""), None);
    tab.machine.flush(-1_999);
    tab.grant(-1_998);
    tab.machine.track(-1_997, "b", Pairs(""), None);
    tab.answer(Fate::LostBefore, -1_996, 0.5);
    tab.machine.wake(-1_000);
    assert!(tab.asked.borrow().lock);
    tab.settle(-999);
    tab.machine.track(-998, "c", Pairs(""), None);
    tab.machine.hide(-997);
    assert_eq!(tab.asked.borrow().sent.len(), 1);
    assert_eq!(tab.stored_commands(), 1);
}

#[test]
fn an_answer_that_is_lost_doubles_nothing() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    waiting(&mut tab);
    tab.answer(Fate::LostAfter, 100, 0.5);
    tab.settle(200);
    assert_eq!(tab.world.borrow().server.types(), ["a", "b"]);
    assert_eq!(tab.world.borrow().server.requests, 2);
}

#[test]
fn of_a_refused_batch_only_the_event_at_fault_is_dropped() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    tab.world.borrow_mut().server.refused = Some("bad");
    for event_type in ["a", "b", "c", "bad", "d", "e", "bad", "f"] {
        tab.machine.track(1, event_type, Pairs(""), None);
    }
    tab.settle(2);
    assert_eq!(tab.world.borrow().server.types(), ["a", "b", "c", "d", "e", "f"]);
    let stats = tab.machine.stats();
    assert_eq!((stats.queued, stats.sent, stats.rejected), (0, 6, 2));
}

#[test]
fn a_page_that_ends_sends_all_that_is_not_under_way_without_the_lock() {
    let world = world();
    let mut tab = Tab::open(&world, config(), 1, "");
    waiting(&mut tab);
    tab.machine.alias(3, "ada");
    tab.machine.track(4, "c", Pairs(""), None);
    tab.machine.hide(5);
    tab.machine.hide(5);
    assert_eq!(tab.asked.borrow().sent.len(), 3);
    assert!(tab.asked.borrow().sent.iter().all(|(_, _, keepalive)| *keepalive));
    let session = tab.close();
    assert_eq!(world.borrow().server.types(), ["a", "b", "c"]);
    let next = &mut Tab::open(&world, config(), 2, &session);
    next.settle(9);
    assert_eq!(
        world.borrow().server.types(),
        ["a", "b", "c"],
        "no answer was seen, so it was sent again"
    );
    assert_eq!(next.stored_commands(), 0);
}

#[test]
fn no_more_is_sent_at_the_end_than_browsers_take() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    let large = format!("k\0{}\0", "v".repeat(8_000));
    for _ in 0..9 {
        tab.machine.track(1, "large", Pairs(&large), None);
    }
    tab.machine.hide(2);
    let bytes: usize = tab.asked.borrow().sent.iter().map(|(_, batch, _)| batch.len()).sum();
    assert!((48_000..62_000).contains(&bytes), "{bytes}");
    tab.settle(3);
    assert_eq!(tab.world.borrow().server.events.len(), 9);
}

#[test]
fn an_acknowledgement_counts_only_when_all_before_it_do() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    tab.machine.identify(1, "ada", Pairs("plan\0free\0"));
    tab.machine.identify(2, "ada", Pairs("plan\0paid\0"));
    tab.machine.hide(3);
    tab.answer(Fate::Late, 4, 0.5);
    tab.answer(Fate::LostBefore, 5, 0.5);
    assert_eq!(tab.stored_commands(), 2);
    tab.settle(6);
    let commands = &tab.world.borrow().server.commands;
    assert_eq!(commands.last().map(String::as_str), Some("ada: plan=paid"), "{commands:?}");
}

/// What happens next, to the tab of that number.
#[derive(Debug, Clone)]
enum Step {
    Track,
    Alias,
    Fire,
    Grant,
    Answer(Fate),
    Hide,
    Wake,
    Reload,
    /// The host page empties its storage.
    Clear,
    Wait(i64),
}

fn step(fates: Vec<Fate>) -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Track),
        1 => Just(Step::Alias),
        3 => Just(Step::Fire),
        4 => Just(Step::Grant),
        4 => proptest::sample::select(fates).prop_map(Step::Answer),
        1 => Just(Step::Hide),
        1 => Just(Step::Wake),
        1 => Just(Step::Reload),
        2 => (0..90_000i64).prop_map(Step::Wait),
    ]
}

const FATES: [Fate; 6] = [
    Fate::Delivered,
    Fate::LostBefore,
    Fate::LostAfter,
    Fate::Late,
    Fate::Status(503, 5_000),
    Fate::Status(429, 0),
];

/// What came of it: the events tracked and those of pages that closed, which memory alone held, and how many pages say that
/// they dropped.
struct Outcome {
    tracked: BTreeSet<String>,
    arrived: Vec<String>,
    dropped: usize,
    gone: usize,
}

fn run(steps: &[(usize, Step)], config: &Config, quota: usize) -> Outcome {
    let world = world();
    world.borrow_mut().quota = Some(quota);
    let mut pages = 0;
    let mut open = |session: &str| {
        pages += 1;
        Tab::open(&world, config.clone(), pages, session)
    };
    let mut tabs: Vec<Option<Tab>> = (0..3).map(|_| Some(open(""))).collect();
    let mut outcome =
        Outcome { tracked: BTreeSet::new(), arrived: Vec::new(), dropped: 0, gone: 0 };
    let mut now = 1_000_000;
    for (number, step) in steps {
        let slot = &mut tabs[number % 3];
        let tab = slot.as_mut().expect("a tab is open but while it reloads");
        now += 1;
        match step {
            Step::Track => {
                let event_type = format!("e{}", outcome.tracked.len());
                tab.machine.track(now, &event_type, Pairs("some\0property\0"), None);
                outcome.tracked.insert(event_type);
            }
            Step::Alias => tab.machine.alias(now, "ada"),
            Step::Fire => {
                tab.fire();
            }
            Step::Grant => {
                tab.grant(now);
            }
            Step::Answer(fate) => {
                tab.answer(*fate, now, 0.5);
            }
            Step::Hide => tab.machine.hide(now),
            Step::Wake => tab.machine.wake(now),
            Step::Clear => world.borrow_mut().local.clear(),
            Step::Wait(ms) => now += ms,
            Step::Reload => {
                let tab = slot.take().expect("it is open");
                outcome.dropped += tab.machine.stats().dropped as usize;
                outcome.gone += tab.machine.memory_only();
                *slot = Some(open(&tab.close()));
            }
        }
    }
    now += 1_000_000;
    // Whoever waits for the lock gets it in turn, until all are at rest.
    for _ in 0..20 {
        for tab in tabs.iter_mut().flatten() {
            tab.machine.wake(now);
            tab.settle(now);
        }
    }
    outcome.dropped +=
        tabs.iter().flatten().map(|tab| tab.machine.stats().dropped as usize).sum::<usize>();
    for tab in tabs.iter().flatten() {
        assert_eq!(tab.machine.stats().queued, 0);
    }
    outcome.arrived = world.borrow().server.types().iter().map(ToString::to_string).collect();
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_event_arrives_once(steps in list((0..3usize, step(FATES.to_vec())), 0..120)) {
        let outcome = run(&steps, &config(), 1 << 20);
        let arrived: BTreeSet<String> = outcome.arrived.iter().cloned().collect();
        prop_assert_eq!(arrived.len(), outcome.arrived.len());
        prop_assert_eq!(arrived, outcome.tracked);
        prop_assert_eq!(outcome.dropped, 0);
    }

    #[test]
    fn what_does_not_arrive_is_counted(
        steps in list((0..3usize, step(FATES.to_vec())), 0..120),
        queue_events_max in 1..6usize,
        quota in 0..2_000usize,
    ) {
        let outcome = run(&steps, &Config { queue_events_max, ..config() }, quota);
        let arrived: BTreeSet<String> = outcome.arrived.iter().cloned().collect();
        prop_assert_eq!(arrived.len(), outcome.arrived.len());
        let missing = outcome.tracked.difference(&arrived).count();
        prop_assert!(missing <= outcome.dropped + outcome.gone, "{} {}", missing, outcome.dropped);
    }

    #[test]
    fn a_site_that_empties_its_storage_loses_nothing_of_open_pages(
        steps in list((0..3usize, prop_oneof![
            4 => Just(Step::Track),
            2 => Just(Step::Fire),
            2 => Just(Step::Grant),
            3 => proptest::sample::select(FATES.to_vec()).prop_map(Step::Answer),
            1 => Just(Step::Clear),
            1 => Just(Step::Hide),
        ]), 0..80),
    ) {
        let outcome = run(&steps, &config(), 1 << 20);
        let arrived: BTreeSet<String> = outcome.arrived.iter().cloned().collect();
        prop_assert_eq!(arrived, outcome.tracked);
    }

    #[test]
    fn a_page_s_events_arrive_in_their_order(
        steps in list(prop_oneof![
            4 => Just(Step::Track),
            2 => Just(Step::Fire),
            2 => Just(Step::Grant),
            3 => proptest::sample::select(vec![Fate::Delivered, Fate::LostBefore, Fate::LostAfter])
                .prop_map(Step::Answer),
            1 => Just(Step::Reload),
        ].prop_map(|step| (0, step)), 0..120),
    ) {
        let outcome = run(&steps, &config(), 1 << 20);
        let expected: Vec<_> = (0..outcome.tracked.len()).map(|n| format!("e{n}")).collect();
        prop_assert_eq!(outcome.arrived, expected);
    }
}
