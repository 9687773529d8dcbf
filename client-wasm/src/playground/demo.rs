//! The made-up product of [`eventhub_core::demo`].

use eventhub_core::demo::{Demo, Item, Settings};
use eventhub_core::{Error, TimeMs};

use super::data::Building;
use super::load::SavedView;
use super::{Data, Summary};

/// The demo that ends at a time.
///
/// # Errors
/// None: its events are within the limits.
pub fn demo(end: TimeMs) -> Result<(Data, Summary), Error> {
    let demo = Demo::new(Settings::until(end));
    let mut building = Building::default();
    for item in demo.items() {
        if let Item::Event(event) = item {
            building.push_event(&event)?;
        }
    }
    let mut data = building.finish()?;
    for item in demo.items() {
        match item {
            Item::Event(_) => {}
            Item::Alias { from, to } => data.people.alias(from.as_str(), to.as_str()),
            // The demo sets properties and does nothing else with them.
            Item::User { user, change } => data.people.set(user.as_str(), change.set().iter()),
        }
    }
    data.people.seal();
    let (events, users) = (data.events, data.people.len());
    let saved = demo.views().into_iter();
    let saved = saved.map(|view| SavedView { name: view.name.to_owned(), view: view.saved() });
    Ok((data, Summary { events, users, views: saved.collect(), ..Summary::default() }))
}
