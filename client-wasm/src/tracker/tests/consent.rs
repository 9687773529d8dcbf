//! What the visitor decided holds in all tabs.

use crate::tracker::tests::identities::events;
use crate::tracker::tests::world::{Fate, Tab, config, world};
use crate::tracker::{Config, Pairs};

#[test]
fn who_opts_out_is_forgotten_and_who_opts_in_begins_anew() {
    let world = world();
    let mut tab = Tab::open(&world, config(), 1, "");
    tab.machine.track(1, "before", Pairs(""), None);
    tab.machine.opt_out(3);
    tab.machine.track(2, "out", Pairs(""), None);
    tab.settle(3);
    assert_eq!(tab.stored_commands(), 0);
    assert_eq!(tab.machine.stats().dropped, 1);
    assert!(tab.asked.borrow().session.is_empty());
    let mut other = Tab::open(&world, config(), 2, "");
    other.machine.track(4, "other", Pairs(""), None);
    assert_eq!(other.machine.stats().queued, 0);
    other.machine.opt_in(4, "fresh");
    other.machine.track(5, "in", Pairs(""), None);
    other.settle(6);
    assert_eq!(events(&other), ["fresh in"]);
}

#[test]
fn a_visitor_who_opts_out_in_one_tab_is_not_tracked_by_another() {
    let world = world();
    let mut tab = Tab::open(&world, config(), 1, "");
    let mut other = Tab::open(&world, config(), 2, "");
    other.machine.track(1, "waiting", Pairs(""), None);
    tab.machine.opt_out(3);
    other.settle(3);
    assert!(world.borrow().server.events.is_empty());
    assert_eq!(other.machine.stats().dropped, 1);
}

#[test]
fn a_page_that_ends_sends_nothing_of_who_opted_out_in_another_tab() {
    let world = world();
    let mut tab = Tab::open(&world, config(), 1, "");
    let mut other = Tab::open(&world, config(), 2, "");
    other.machine.track(1, "waiting", Pairs(""), None);
    tab.machine.opt_out(3);
    other.machine.track(2, "later", Pairs(""), None);
    other.machine.hide(3);
    assert!(other.asked.borrow().sent.is_empty());
    assert_eq!(other.machine.stats().dropped, 1, "and the second was never tracked");
    assert_eq!(other.stored_commands(), 0);
}

#[test]
fn who_opts_out_drops_what_closed_pages_left() {
    let world = world();
    let mut closed = Tab::open(&world, config(), 1, "");
    closed.machine.track(1, "left", Pairs(""), None);
    closed.close();
    let mut tab = Tab::open(&world, config(), 2, "");
    tab.machine.opt_out(3);
    assert_eq!(tab.stored_commands(), 0);
    assert_eq!(tab.machine.stats().dropped, 1);
    tab.machine.opt_in(4, "fresh");
    tab.settle(2);
    assert!(world.borrow().server.events.is_empty());
}

#[test]
fn a_browser_that_asks_not_to_track_is_not_tracked_unless_the_visitor_says_so() {
    let world = world();
    let denied = || Config { denied: true, ..config() };
    let mut tab = Tab::open(&world, denied(), 1, "by-the-snippet\0");
    tab.machine.track(1, "no", Pairs(""), None);
    tab.machine.wake(2);
    tab.settle(3);
    assert!(world.borrow().local.is_empty(), "and it leaves no trace");
    assert!(tab.asked.borrow().session.is_empty());
    tab.machine.opt_in(4, "fresh");
    let mut next = Tab::open(&world, denied(), 2, "");
    next.machine.track(4, "yes", Pairs(""), None);
    next.settle(5);
    assert_eq!(world.borrow().server.types(), ["yes"]);
}

/// Another tab's visitor opts out at 10 and in at 20.
fn decide_meanwhile(other: &mut Tab) {
    other.machine.opt_out(10);
    other.machine.opt_in(20, "fresh");
}

#[test]
fn nothing_from_before_an_opt_out_is_sent_though_an_opt_in_followed() {
    let check = |wake: fn(&mut Tab)| {
        let world = world();
        let mut other = Tab::open(&world, config(), 1, "");
        let mut tab = Tab::open(&world, config(), 2, "");
        tab.machine.identify(1, "ada", Pairs("plan\0free\0"));
        for _ in 0..3 {
            tab.machine.track(1, "before", Pairs(""), None);
        }
        decide_meanwhile(&mut other);
        other.machine.track(21, "other", Pairs(""), None);
        wake(&mut tab);
        tab.machine.track(31, "after", Pairs(""), None);
        other.settle(32);
        tab.settle(33);
        let mut events = events(&tab);
        events.sort();
        assert_eq!(events, ["client-0002.1 after", "fresh other"]);
        assert_eq!(world.borrow().server.commands, [""; 0]);
        assert_eq!(tab.machine.stats().dropped, 4);
        assert_eq!((tab.machine.stats().queued, tab.machine.stats().sent), (0, 1));
        assert_eq!(tab.asked.borrow().session, "client-0002.1\0");
    };
    check(|_| {});
    check(|tab| tab.machine.wake(30));
    check(|tab| tab.machine.hide(30));
    check(|tab| tab.machine.restore(30));
    check(|tab| {
        tab.fire();
        tab.grant(30);
    });
}

#[test]
fn a_tab_that_is_sending_stops_when_the_visitor_opts_out_in_another() {
    for opts_in in [false, true] {
        let world = world();
        let mut other = Tab::open(&world, config(), 1, "");
        let mut tab = Tab::open(&world, config(), 2, "");
        for _ in 0..25 {
            tab.machine.track(1, "before", Pairs(""), None);
        }
        assert!(tab.grant(2));
        other.machine.opt_out(10);
        if opts_in {
            other.machine.opt_in(20, "fresh");
        }
        tab.answer(Fate::Delivered, 30, 0.5);
        assert_eq!(world.borrow().holder, None);
        tab.settle(31);
        // One batch was on its way.
        assert_eq!(world.borrow().server.events.len(), 10, "opts in: {opts_in}");
        assert_eq!(tab.machine.stats().dropped, 25);
    }
}

#[test]
fn who_opts_in_in_one_tab_is_tracked_by_all() {
    let world = world();
    let denied = || Config { denied: true, ..config() };
    let mut tab = Tab::open(&world, denied(), 1, "");
    let mut other = Tab::open(&world, denied(), 2, "");
    other.machine.opt_in(3, "fresh");
    tab.machine.track(4, "yes", Pairs(""), None);
    tab.settle(5);
    assert_eq!(events(&tab), ["client-0001.1 yes"]);
}

#[test]
fn an_opt_in_of_who_was_tracked_before_drops_nothing_of_other_tabs() {
    let world = world();
    let mut tab = Tab::open(&world, config(), 1, "");
    tab.machine.track(1, "before", Pairs(""), None);
    let mut other = Tab::open(&world, config(), 2, "");
    other.machine.opt_in(2, "fresh");
    world.borrow_mut().local.clear();
    other.machine.opt_in(3, "fresh");
    tab.settle(4);
    assert_eq!(events(&tab), ["client-0001 before"]);
}

#[test]
fn calls_that_were_kept_since_before_a_decision_are_left_out() {
    let world = world();
    let mut other = Tab::open(&world, config(), 1, "");
    let mut early = Tab::open(&world, config(), 2, "");
    assert!(!early.machine.is_overruled(i64::MIN), "nobody decided");
    decide_meanwhile(&mut other);
    let mut tab = Tab::open(&world, config(), 3, "");
    let overruled = [0, 19, 20, 21].map(|time| tab.machine.is_overruled(time));
    assert_eq!(overruled, [true, true, false, false]);
    assert_eq!(tab.machine.stats().dropped, 2);
}

#[test]
fn without_storage_a_decision_holds_for_the_page() {
    let world = world();
    world.borrow_mut().quota = None;
    let mut tab = Tab::open(&world, config(), 1, "");
    tab.machine.opt_out(1);
    tab.machine.track(2, "out", Pairs(""), None);
    tab.machine.opt_in(3, "fresh");
    tab.machine.track(4, "in", Pairs(""), None);
    tab.settle(5);
    assert_eq!(events(&tab), ["fresh in"]);
}
