//! Who comes: where from, by what, and when for the first time.

use alloc::format;
use alloc::string::String;

use super::Settings;
use super::random::{Random, mixed};
use crate::DAY_MS;

/// Names of countries, with the hours by which their clocks are ahead of UTC.
const COUNTRIES: [((&str, i64), u32); 9] = [
    (("US", -6), 34),
    (("DE", 1), 14),
    (("GB", 0), 12),
    (("FR", 1), 9),
    (("IN", 5), 9),
    (("BR", -3), 7),
    (("JP", 9), 6),
    (("CA", -5), 5),
    (("AU", 10), 4),
];
const CHANNELS: [(&str, u32); 5] =
    [("search", 36), ("direct", 22), ("referral", 14), ("social", 16), ("ads", 12)];
const PLATFORMS: [(&str, u32); 3] = [("desktop", 56), ("mobile", 36), ("tablet", 8)];
const VARIANTS: [(&str, u32); 3] = [("control", 1), ("annual_first", 1), ("compact", 1)];

/// Names that nobody bears.
const FIRST_NAMES: [&str; 24] = [
    "Acorn", "Biscuit", "Cobalt", "Dumpling", "Ember", "Fennel", "Gizmo", "Hazel", "Inky",
    "Juniper", "Kettle", "Lentil", "Marzipan", "Nimbus", "Olive", "Pixel", "Quill", "Radish",
    "Saffron", "Teapot", "Umber", "Velvet", "Waffle", "Zigzag",
];
const LAST_NAMES: [&str; 16] = [
    "Placeholder",
    "Sample",
    "Mockup",
    "Dummy",
    "Fixture",
    "Testcase",
    "Example",
    "Stub",
    "Sandbox",
    "Specimen",
    "Prototype",
    "Template",
    "Draft",
    "Lorem",
    "Ipsum",
    "Foobar",
];

/// How likely each hour of a day at a desk is, in the person's own time.
const HOURS: [u32; 24] =
    [1, 1, 1, 1, 1, 2, 4, 9, 16, 21, 22, 20, 15, 18, 21, 20, 17, 13, 10, 9, 8, 6, 4, 2];

/// How likely each day of a week is, from Monday.
pub(super) const WEEKDAYS: [u32; 7] = [110, 118, 116, 108, 92, 46, 52];

/// One person.
pub(super) struct Person {
    pub(super) number: u32,
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    pub(super) country: &'static str,
    ahead_hours: i64,
    pub(super) channel: &'static str,
    pub(super) platform: &'static str,
    /// What the experiment shows this person.
    pub(super) variant: &'static str,
    /// One of the few who work with the product all day.
    pub(super) is_power: bool,
    /// The day of the first visit, as days since 1970.
    pub(super) first_day: i64,
}

/// Of each day, how many come on it or before, by weight.
pub(super) struct Arrivals {
    first_day: i64,
    upto: alloc::vec::Vec<u32>,
}

impl Arrivals {
    /// More every day, fewer at weekends, and a crowd when the product is in the news.
    pub(super) fn new(settings: &Settings) -> Self {
        let (first_day, last_day) = (settings.first_day(), settings.last_day());
        let days = (last_day - first_day + 1) as u32;
        let mut total = 0;
        let upto = (first_day..=last_day).map(|day| {
            let growth = 100 + 120 * (day - first_day) as u32 / days;
            let news = match day - settings.launch_day() {
                0 => 17,
                1 => 15,
                2 => 12,
                _ => 10,
            };
            total += growth * WEEKDAYS[weekday(day)] * news / 100;
            total
        });
        Self { first_day, upto: upto.collect() }
    }

    fn draw(&self, random: &mut Random) -> i64 {
        let total = self.upto.last().copied().unwrap_or(1);
        let drawn = random.below(total);
        self.first_day + self.upto.partition_point(|upto| *upto <= drawn) as i64
    }
}

impl Person {
    pub(super) fn new(settings: &Settings, arrivals: &Arrivals, number: u32) -> Self {
        let mut random = Random::of(settings.seed, number);
        let random = &mut random;
        let (country, ahead_hours) = random.pick(&COUNTRIES);
        let is_power = number < settings.users / 1_500;
        let first_day = if is_power {
            settings.first_day() + i64::from(random.below(settings.days.div_ceil(12)))
        } else {
            arrivals.draw(random)
        };
        Self {
            number,
            first_name: FIRST_NAMES[random.below(FIRST_NAMES.len() as u32) as usize],
            last_name: LAST_NAMES[random.below(LAST_NAMES.len() as u32) as usize],
            country,
            ahead_hours,
            channel: random.pick(&CHANNELS),
            platform: if is_power { "desktop" } else { random.pick(&PLATFORMS) },
            variant: random.pick(&VARIANTS),
            is_power,
            first_day,
        }
    }

    /// A time on a day of UTC at which this person is awake, in ms.
    pub(super) fn time_on(&self, day: i64, random: &mut Random) -> i64 {
        let mut left = random.below(HOURS.iter().sum());
        let mut hour = 0;
        while left >= HOURS[hour] {
            left -= HOURS[hour];
            hour += 1;
        }
        let hour = (hour as i64 - self.ahead_hours).rem_euclid(24);
        day * DAY_MS + hour * 3_600_000 + i64::from(random.below(3_600)) * 1_000
    }

    /// The id under which the pages know a visitor; `device` tells those of one person apart.
    pub(super) fn visitor_id(&self, device: u32) -> String {
        let number = mixed(u64::from(self.number) << 8 | u64::from(device));
        format!("visitor-{number:016x}")
    }

    /// The id after sign-up.
    pub(super) fn account_id(&self) -> String {
        let (first, last) = (self.first_name, self.last_name);
        let id = format!("{first}.{last}.{}@example.com", self.number);
        id.to_ascii_lowercase()
    }
}

/// The day of the week, from Monday = 0; 1970 began on a Thursday.
pub(super) fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}
