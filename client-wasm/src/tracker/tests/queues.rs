//! What waits, in what order it goes, and what is dropped.

use crate::tracker::tests::world::{Fate, Tab, config, world};
use crate::tracker::{Config, Pairs};

fn track(tab: &mut Tab, now: i64, types: &[&str]) {
    for event_type in types {
        tab.machine.track(now, event_type, Pairs(""), None);
    }
}

#[test]
fn consecutive_events_go_as_one_batch_and_what_follows_an_alias_waits() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    track(&mut tab, 1, &["a", "b"]);
    tab.machine.alias(2, "ada");
    track(&mut tab, 3, &["c"]);
    assert!(tab.asked.borrow().sent.is_empty(), "nothing goes before the interval");
    assert_eq!(tab.asked.borrow().timer_ms, Some(1_000.0));
    tab.fire();
    tab.grant(5);
    let sent = |tab: &Tab| tab.asked.borrow().sent.len();
    for expected in [vec!["a", "b"], vec!["a", "b"], vec!["a", "b", "c"]] {
        assert_eq!(sent(&tab), 1);
        tab.answer(Fate::Delivered, 6, 0.0);
        assert_eq!(tab.world.borrow().server.types(), expected);
    }
    assert_eq!(sent(&tab), 0);
    assert_eq!(tab.asked.borrow().flushed, [true]);
    assert_eq!(tab.stored_commands(), 0);
}

#[test]
fn a_batch_is_full_at_its_events_and_at_its_bytes() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    for _ in 0..10 {
        assert!(!tab.asked.borrow().lock);
        track(&mut tab, 1, &["e"]);
    }
    assert!(tab.asked.borrow().lock, "a batch's worth does not wait");
    let large = format!("k\0{}\0", "v".repeat(8_000));
    for _ in 0..10 {
        tab.machine.track(2, "large", Pairs(&large), None);
    }
    tab.grant(3);
    for expected in [10, 15, 20] {
        let bytes = tab.asked.borrow().sent[0].1.len();
        assert!(bytes <= 49 << 10, "{bytes}");
        tab.answer(Fate::Delivered, 4, 0.0);
        assert!(tab.world.borrow().server.events.len() >= expected, "{expected}");
    }
}

#[test]
fn an_event_that_no_page_may_outlive_with_goes_all_the_same() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    let large: String = (0..9).map(|n| format!("k{n}\0{}\0", "v".repeat(8_000))).collect();
    tab.machine.track(1, "large", Pairs(&large), None);
    tab.fire();
    tab.grant(2);
    assert!(!tab.asked.borrow().sent[0].2, "as a request that does not outlive the page");
    tab.settle(3);
    assert_eq!(tab.world.borrow().server.types(), ["large"]);
}

#[test]
fn the_oldest_events_are_dropped_and_counted_and_aliases_stay() {
    let config = Config { queue_events_max: 4, ..config() };
    let mut tab = Tab::open(&world(), config, 1, "");
    tab.machine.alias(1, "ada");
    track(&mut tab, 2, &["a", "b", "c", "d", "e"]);
    assert_eq!(tab.machine.stats().dropped, 2);
    assert_eq!(tab.stored_commands(), 4);
    tab.settle(3);
    assert_eq!(tab.world.borrow().server.types(), ["c", "d", "e"]);
    assert_eq!(tab.world.borrow().server.commands.len(), 1);
}

#[test]
fn what_is_under_way_is_not_dropped() {
    let config = Config { queue_events_max: 3, ..config() };
    let mut tab = Tab::open(&world(), config, 1, "");
    track(&mut tab, 1, &["a", "b"]);
    tab.fire();
    tab.grant(2);
    track(&mut tab, 3, &["c", "d", "e"]);
    assert_eq!(tab.machine.stats().dropped, 2);
    tab.settle(4);
    assert_eq!(tab.world.borrow().server.types(), ["a", "b", "e"]);
}

#[test]
fn bytes_are_bounded_too() {
    let config = Config { queue_bytes_max: 1_000, ..config() };
    let mut tab = Tab::open(&world(), config, 1, "");
    let pairs = format!("k\0{}\0", "v".repeat(100));
    for _ in 0..30 {
        tab.machine.track(1, "e", Pairs(&pairs), None);
    }
    let stats = tab.machine.stats();
    assert!((3..8).contains(&stats.queued), "{stats:?}");
    assert_eq!(stats.queued + stats.dropped, 30);
}

#[test]
fn without_storage_or_room_in_it_events_are_kept_in_memory() {
    for quota in [None, Some(0), Some(400)] {
        let world = world();
        world.borrow_mut().quota = quota;
        let mut tab = Tab::open(&world, config(), 1, "");
        track(&mut tab, 1, &["a", "b", "c", "d", "e", "f", "g"]);
        assert!(tab.stored_commands() < 7, "{quota:?}");
        tab.settle(2);
        assert_eq!(world.borrow().server.types().len(), 7, "{quota:?}");
        assert_eq!(tab.machine.stats().sent, 7);
    }
}

#[test]
fn what_had_no_room_is_stored_when_the_page_may_end_also_while_the_server_asks_for_time() {
    let world = world();
    let mut tab = Tab::open(&world, config(), 1, "");
    world.borrow_mut().quota = Some(0);
    track(&mut tab, 1, &["a"]);
    tab.fire();
    tab.grant(2);
    tab.answer(Fate::Status(503, 60_000), 3, 0.5);
    world.borrow_mut().quota = Some(1 << 20);
    tab.machine.hide(4);
    assert_eq!((tab.stored_commands(), tab.asked.borrow().sent.len()), (1, 0));
}

#[test]
fn a_page_delivers_what_closed_ones_left_before_its_own() {
    let world = world();
    let mut first = Tab::open(&world, config(), 1, "");
    track(&mut first, 5, &["a", "b"]);
    first.close();
    let mut second = Tab::open(&world, config(), 2, "");
    track(&mut second, 3, &["c"]);
    second.settle(9);
    assert_eq!(world.borrow().server.types(), ["a", "b", "c"]);
    assert_eq!(second.stored_commands(), 0);
}

#[test]
fn a_page_that_stays_delivers_what_another_leaves_when_the_visitor_comes_back_to_it() {
    let world = world();
    let mut stays = Tab::open(&world, config(), 1, "");
    stays.settle(0);
    let mut goes = Tab::open(&world, config(), 2, "");
    track(&mut goes, 5, &["left"]);
    goes.close();
    stays.machine.wake(10);
    stays.settle(10);
    assert_eq!(world.borrow().server.types(), ["left"]);
}

#[test]
fn a_page_does_not_send_what_another_delivered() {
    let world = world();
    let mut first = Tab::open(&world, config(), 1, "");
    track(&mut first, 1, &["a"]);
    let mut second = Tab::open(&world, config(), 2, "");
    second.settle(2);
    assert_eq!(world.borrow().server.requests, 1);
    first.settle(3);
    assert_eq!(world.borrow().server.requests, 1);
    assert_eq!(first.machine.stats().sent, 1);
}

#[test]
fn one_page_flushes_at_a_time() {
    let world = world();
    let mut first = Tab::open(&world, config(), 1, "");
    let mut second = Tab::open(&world, config(), 2, "");
    track(&mut first, 1, &["a"]);
    track(&mut second, 1, &["b"]);
    first.fire();
    second.fire();
    assert!(first.grant(2));
    assert!(!second.grant(2));
    first.settle(3);
    assert!(second.grant(4));
    second.settle(4);
    assert_eq!(world.borrow().server.events.len(), 2);
}

#[test]
fn texts_that_no_tag_wrote_are_passed_by() {
    let world = world();
    for (key, text) in [("q:", "x"), ("q:000000000001.z.0", "\u{1F600}"), ("q:short", "")] {
        world.borrow_mut().local.insert(key.to_owned(), text.to_owned());
    }
    let mut tab = Tab::open(&world, config(), 1, "");
    track(&mut tab, 1, &["a"]);
    tab.fire();
    tab.grant(2);
    let sent = tab.asked.borrow().sent.len();
    assert_eq!(sent, 1);
}

#[test]
fn what_the_server_asks_for_lasts_no_longer_when_the_clock_is_put_back() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    track(&mut tab, 1_000_000, &["a"]);
    tab.fire();
    tab.grant(1_000_000);
    tab.answer(Fate::Status(503, 1_000), 1_000_000, 0.5);
    tab.machine.flush(1_000);
    assert!(!tab.asked.borrow().lock);
    // The time is over, by a clock that is right now.
    tab.settle(1_000);
    track(&mut tab, 2_000, &["b"]);
    tab.machine.flush(2_000);
    assert!(tab.asked.borrow().lock);
    tab.machine.hide(2_000);
    assert_eq!(tab.asked.borrow().sent.len(), 1);
}
