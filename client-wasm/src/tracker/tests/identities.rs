//! Who events are, and what goes with them.

use crate::tracker::tests::world::{Tab, config, world};
use crate::tracker::{Config, Pairs, Slot};

/// The server's events as `user type key=value ...`.
pub(super) fn events(tab: &Tab) -> Vec<String> {
    let world = tab.world.borrow();
    let shown = world.server.events.iter().map(|event| {
        let pairs = event.properties.iter().map(|(key, value)| format!(" {key}={value}"));
        let pairs: String = pairs.collect();
        format!("{} {}{pairs}", event.user.as_str(), event.event_type.as_str())
    });
    shown.collect()
}

#[test]
fn an_event_is_stamped_with_who_is_there_when_it_happens() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    let machine = &mut tab.machine;
    machine.register(Pairs("experiment\0A\0page\0all\0"));
    machine.track(1, "home", Pairs("page\0home\0"), None);
    machine.alias(2, "ada");
    machine.identify(3, "ada", Pairs("plan\0free\0"));
    machine.track(4, "signup", Pairs(""), None);
    machine.invalidate_identified();
    machine.track(5, "out", Pairs(""), None);
    machine.invalidate_generated("new-visitor");
    machine.track(6, "new", Pairs(""), None);
    tab.settle(10);
    let expected = [
        "client-0001 home experiment=A page=home",
        "ada signup plan=free",
        "client-0001 out experiment=A page=all",
        "new-visitor new",
    ];
    assert_eq!(events(&tab), expected);
    assert_eq!(tab.world.borrow().server.commands, ["ada = client-0001", "ada: plan=free"]);
}

#[test]
fn registered_properties_come_together_and_identified_ones_come_anew() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    tab.machine.register(Pairs("a\x001\0b\x001\0"));
    tab.machine.register(Pairs("b\x002\0"));
    tab.machine.track(1, "generated", Pairs(""), None);
    tab.machine.identify(1, "u", Pairs("a\x001\0"));
    tab.machine.identify(1, "u", Pairs("b\x002\0"));
    tab.machine.track(1, "identified", Pairs(""), None);
    tab.settle(10);
    assert_eq!(events(&tab), ["client-0001 generated a=1 b=2", "u identified b=2"]);
}

#[test]
fn a_tab_is_a_visitor_and_a_page_forgets_who_signed_in() {
    let world = world();
    let mut first = Tab::open(&world, config(), 1, "");
    first.machine.register(Pairs("k\0v\0"));
    first.machine.identify(1, "ada", Pairs(""));
    let mut other = Tab::open(&world, config(), 2, "");
    assert_eq!(other.machine.user().id(), "client-0002");
    other.machine.track(1, "other", Pairs(""), None);
    other.settle(2);
    let session = first.close();
    let mut next = Tab::open(&world, config(), 3, &session);
    assert_eq!(next.machine.user().id(), "client-0001");
    next.machine.track(3, "next", Pairs(""), None);
    next.settle(4);
    assert_eq!(events(&next), ["client-0002 other", "client-0001 next k=v"]);
}

#[test]
fn a_device_is_recognised_until_it_is_reset() {
    let world = world();
    let config = || Config { device: true, ..config() };
    let mut first = Tab::open(&world, config(), 1, "");
    first.machine.identify(1, "ada", Pairs("plan\0free\0"));
    first.close();
    let mut next = Tab::open(&world, config(), 2, "");
    assert_eq!(next.machine.user().id(), "ada");
    assert_eq!(next.machine.user().properties(), Pairs("plan\0free\0"));
    next.machine.invalidate_identified();
    assert_eq!(next.machine.user().id(), "client-0001");
    next.machine.invalidate_generated("fresh");
    next.close();
    let last = Tab::open(&world, config(), 3, "");
    assert_eq!(last.machine.user().id(), "fresh");
}

#[test]
fn what_the_server_would_refuse_is_left_out_and_counted() {
    let mut tab = Tab::open(&world(), config(), 1, "");
    let long = "x".repeat(256);
    let value = "v".repeat(8193);
    let machine = &mut tab.machine;
    machine.track(1, "", Pairs(""), None);
    machine.track(1, &long, Pairs(""), None);
    machine.alias(1, "");
    machine.identify(1, &"i".repeat(401), Pairs("a\0b\0"));
    let pairs = format!("a\0b\0\0empty\0{long}\0v\0k\0{value}\0timestamp\x001\0");
    machine.track(1, "kept", Pairs(&pairs), None);
    let many: String = (0..300).map(|n| format!("k{n}\0v\0")).collect();
    machine.track(1, "many", Pairs(&many), None);
    assert_eq!(machine.stats().rejected, 4);
    assert_eq!(machine.stats().omitted, 4 + 45);
    tab.settle(2);
    assert_eq!(events(&tab)[0], "client-0001 kept a=b");
    assert_eq!(tab.world.borrow().server.events[1].properties.len(), 255);
}

#[test]
fn calls_of_another_page_are_repeated_as_that_page_made_them() {
    let world = world();
    let mut tab = Tab::open(&world, config(), 1, "");
    tab.machine.identify(1, "ada", Pairs(""));
    for _ in 0..2 {
        tab.machine.enter("blocked-page", "its-visitor");
        tab.machine.track(1, "seen", Pairs(""), Some(0));
        tab.machine.identify(2, "bob", Pairs(""));
        tab.machine.track(3, "bought", Pairs(""), Some(1));
        tab.machine.leave();
    }
    tab.machine.track(4, "mine", Pairs(""), None);
    tab.settle(5);
    assert_eq!(events(&tab), ["its-visitor seen", "bob bought", "ada mine"]);
    let ids = |at: usize| world.borrow().server.events[at].insert_id.clone().unwrap();
    assert_eq!(ids(1).as_str(), "~blocked-page.1");
    assert_eq!(ids(2).as_str(), "~client-0001.0");
    assert!(!world.borrow().local["Generated"].contains("its-visitor"));
}

#[test]
fn a_page_goes_on_as_an_earlier_one_of_its_tab_left_off() {
    let check = |device: bool, expected: [&str; 2]| {
        let config = Config { device, ..config() };
        let mut tab = Tab::open(&world(), config, 1, "tab\0");
        let visitor = tab.machine.user().id().to_owned();
        tab.machine.enter("earlier", &visitor);
        tab.machine.register(Pairs("k\0v\0"));
        tab.machine.leave();
        tab.machine.track(1, "registered", Pairs(""), None);
        tab.machine.enter("later", &visitor);
        tab.machine.invalidate_generated("later0");
        tab.machine.identify(2, "ada", Pairs(""));
        tab.machine.leave();
        tab.machine.track(3, "anew", Pairs(""), None);
        tab.settle(4);
        assert_eq!(events(&tab), expected, "device: {device}");
    };
    check(false, ["tab registered k=v", "later0 anew"]);
    check(true, ["client-0001 registered k=v", "ada anew"]);
}

#[test]
fn identity_survives_a_storage_that_was_emptied() {
    let world = world();
    let mut tab = Tab::open(&world, config(), 1, "");
    tab.machine.track(1, "kept", Pairs(""), None);
    world.borrow_mut().local.clear();
    tab.fire();
    tab.grant(2);
    assert!(world.borrow().local.contains_key(&format!("{:?}", Slot::Generated)));
    assert_eq!(tab.stored_commands(), 1);
    tab.settle(3);
    assert_eq!(world.borrow().server.types(), ["kept"]);
}

#[test]
fn a_page_that_is_shown_again_goes_on_as_the_later_ones_left_off() {
    let check = |device: bool, on_the_later_page: fn(&mut Tab), expected: [&str; 2]| {
        let world = world();
        let config = || Config { device, ..config() };
        let mut page = Tab::open(&world, config(), 1, "");
        page.machine.identify(1, "ada", Pairs("plan\0free\0"));
        page.machine.track(2, "before", Pairs(""), None);
        let mut later = page.next(config(), 2);
        on_the_later_page(&mut later);
        page.restore(later, 4);
        page.machine.track(5, "after", Pairs(""), None);
        page.settle(6);
        assert_eq!(events(&page), expected, "device: {device}");
    };
    let before = "ada before plan=free";
    for device in [false, true] {
        check(device, |_| {}, [before, "ada after plan=free"]);
        check(device, |later| later.machine.identify(3, "bob", Pairs("")), [before, "bob after"]);
        let signed_out = |later: &mut Tab| later.machine.invalidate_identified();
        check(device, signed_out, [before, "client-0001 after"]);
        let reset = |later: &mut Tab| {
            later.machine.invalidate_identified();
            later.machine.invalidate_generated("fresh");
        };
        check(device, reset, [before, "fresh after"]);
        let registered = |later: &mut Tab| later.machine.register(Pairs("k\0v\0"));
        check(device, registered, [before, "ada after plan=free"]);
    }
}

#[test]
fn a_page_that_is_shown_again_without_storage_goes_on_as_it_was() {
    let world = world();
    world.borrow_mut().quota = None;
    let mut page = Tab::open(&world, Config { device: true, ..config() }, 1, "");
    page.machine.identify(1, "ada", Pairs(""));
    page.machine.restore(2);
    assert_eq!(page.machine.user().id(), "ada");
}

#[test]
fn who_signs_in_beside_a_page_is_nobody_to_it_when_it_is_shown_again() {
    let world = world();
    let mut page = Tab::open(&world, config(), 1, "");
    Tab::open(&world, config(), 2, "").machine.identify(1, "ada", Pairs(""));
    let mut later = page.next(config(), 3);
    later.machine.enter("blocked-page-of-another-tab", "its-visitor");
    later.machine.identify(2, "bob", Pairs(""));
    later.machine.leave();
    page.restore(later, 3);
    assert_eq!(page.machine.user().id(), "client-0001");
}
