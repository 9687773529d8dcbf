//! A made-up product with data worth looking at: a planning tool for teams, from the first visit of its pages to the
//! subscription.
//!
//! What is there to be found:
//!
//! - the funnel from `page_view` to `subscribe` loses most of those who sign up on a phone at `create_project`;
//! - who signed up after the day on which templates came (half of the days ago) comes back more often;
//! - of the experiment `pricing_page`, `annual_first` beats the control, and `compact` needs more users to tell;
//! - visitors become accounts by an alias, some with a second device; accounts have properties;
//! - weeks have weekends, the product grows, and a few users do as much as hundreds of others.
//!
//! All of it follows from a seed and the end of time, which the caller names; nobody in it is real.
//!
//! ```
//! use eventhub_core::TimeMs;
//! use eventhub_core::demo::{Demo, Item, Settings};
//!
//! let end = TimeMs::new(1_750_000_000_000).unwrap();
//! let demo = Demo::new(Settings { users: 100, ..Settings::until(end) });
//! let events = demo.items().filter(|item| matches!(item, Item::Event(_))).count();
//! assert!(events > 1_000);
//! ```

mod random;

mod act;
mod people;
mod trial;

mod story;

mod item;
mod views;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use self::act::Moment;
use self::people::{Arrivals, Person};
use self::trial::Trial;
use crate::{DAY_MS, TimeMs};

pub use self::item::Item;
pub use self::views::View;

/// What is generated.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Where everything else follows from.
    pub seed: u64,
    /// How many people come at all, from 1; about a third of them sign up.
    pub users: u32,
    /// Over how many days, from 1; the last one is that of `end`.
    pub days: u32,
    /// When the data ends: no event is at this time or later.
    pub end: TimeMs,
}

impl Settings {
    /// The demo of 12,000 people over the 90 days up to a time, about 220,000 events.
    #[must_use]
    pub const fn until(end: TimeMs) -> Self {
        Self { seed: 1, users: 12_000, days: 90, end }
    }

    /// The last day, as days since 1970.
    fn last_day(&self) -> i64 {
        (self.end.ms() - 1).max(0) / DAY_MS
    }

    /// The first day; there are none before 1970.
    fn first_day(&self) -> i64 {
        (self.last_day() - i64::from(self.days) + 1).max(0)
    }

    /// The day on which the product changed for the better.
    fn launch_day(&self) -> i64 {
        self.last_day() - i64::from(self.days) / 2
    }

    /// The day on which the experiment began.
    fn experiment_day(&self) -> i64 {
        self.last_day() - i64::from(self.days) * 2 / 5
    }
}

/// The generated data.
pub struct Demo {
    settings: Settings,
    people: Vec<Person>,
    moments: Vec<Moment>,
}

impl Demo {
    /// Makes all of it; that takes some 100 bytes of memory an event.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let arrivals = Arrivals::new(&settings);
        let person = |number| Person::new(&settings, &arrivals, number);
        let people: Vec<_> = (0..settings.users).map(person).collect();
        let (mut trial, mut moments) = (Trial::new(), Vec::new());
        people.iter().for_each(|person| story::tell(&settings, person, &mut trial, &mut moments));
        // What one person does within a second stays in its order.
        moments.sort_by_key(|moment| moment.time);
        Self { settings, people, moments }
    }

    /// All that happens, in the order of its time.
    pub fn items(&self) -> impl ExactSizeIterator<Item = Item> {
        self.moments.iter().map(|moment| moment.item(&self.people[moment.person as usize]))
    }

    /// Questions worth asking, as the dashboard saves them, the best one first.
    #[must_use]
    pub fn views(&self) -> Vec<View> {
        views::all(&self.settings)
    }
}
