//! The figures, as tables on the terminal and as sections of a page of the documentation.
//!
//! Each run writes anew the sections that it measured and leaves the others as they are.

use crate::figures::grouped;
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The sections in the order in which they stand on the page.
const ORDER: [&str; 10] =
    ["s1", "s10", "z10", "s50", "api", "ingest", "peers s1", "peers s10", "peers z10", "peers s50"];

const INTRO: &str = "\
# Benchmarks

`cargo xtask bench` makes the events once (a fixed seed), has the server import them, and measures from outside, over HTTP on
loopback, and in process, without HTTP. `cargo xtask bench --peers` installs ClickHouse (chdb), DuckDB and polars into a Python
environment of their own and asks them the same. Each section below was written by the command it names.

The events: types receive_email, view_track_page, start_track, finish_course and finish_track, drawn uniformly, as are the users and
three properties of 10, 100 and 1,000 values; evenly in time from 2013-01-01. S1: 1 million events, 10,000 users, 10 days. S10: 10 million,
500,000 users, 100 days. S50: 53 million, 2.4 million users, 100 days. Z10: as S10, but users and types by a Zipf law, events
in sessions (five on average, seconds to minutes apart), and 2 % of them arriving minutes to days late.

The questions: q1, the funnel receive_email > view_track_page > start_track from 2013-01-01 to before 2013-01-30, 30 days to complete.
q2: q1 with event_property_1 = 1 on the first step. q3: cohort receive_email / start_track, 2013-01-01 to 2013-01-30, a day
a row, 7 columns. q4: q3 with event_property_1 = 1 on the row event. q5: the funnel over all days, 7 days to complete. q6: q1 of a
tenth of the users, by a property. q7: q1 after 30 % of the users were merged in pairs drawn at random, when all was sealed;
q7c: in chains of five. q8: q1 where the same days lie within 1,000 days of history.

Every answer is held against a model that walks all events in order. Times are in milliseconds, of runs after three that warm
up; \"first\" is the very first after the start. What is posted or imported is durable when it counts.
";

/// A table in Markdown.
pub(super) struct Table(String);

impl Table {
    pub(super) fn new(columns: &[&str]) -> Self {
        let mut table = Self(String::new());
        table.row(columns);
        table.row(&vec!["---"; columns.len()]);
        table
    }

    /// Adds a row.
    pub(super) fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        for cell in cells {
            write!(self.0, "| {} ", cell.as_ref()).expect("a String takes all");
        }
        self.0.push_str("|\n");
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// Writes sections, each with its name and text, into the page.
///
/// # Errors
/// When the page cannot be written.
pub(super) fn write(page: &Path, sections: &[(String, String)]) -> Result<()> {
    let old = fs::read_to_string(page).unwrap_or_default();
    fs::write(page, merged(&old, sections)).context("cannot write docs/benchmarks.md")
}

/// The page with some sections written anew.
fn merged(old: &str, sections: &[(String, String)]) -> String {
    let mut page = INTRO.to_owned();
    for name in ORDER {
        let new = sections.iter().find(|(section, _)| section == name);
        let kept = || {
            let (_, rest) = old.split_once(&format!("<!-- {name} -->\n"))?;
            Some(rest.split_once("<!-- end -->").map_or(rest, |(text, _)| text).to_owned())
        };
        if let Some(text) = new.map(|(_, text)| format!("{text}\n")).or_else(kept) {
            write!(page, "\n<!-- {name} -->\n{text}<!-- end -->\n").expect("a String takes all");
        }
    }
    page
}

/// A number with as many digits as say something.
pub(super) fn shown(number: f64) -> String {
    match number {
        n if n >= 1_000.0 => grouped(n.round() as u64),
        n if n >= 100.0 => format!("{n:.0}"),
        n if n >= 10.0 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_with_the_digits_that_count() {
        assert_eq!(shown(0.1234), "0.12");
        assert_eq!(shown(99.94), "99.9");
        assert_eq!(shown(999.4), "999");
        assert_eq!(shown(1000.4), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(100), "100");
    }

    #[test]
    fn a_table_has_all_its_cells() {
        let mut table = Table::new(&["a", "b"]);
        table.row(&["1", "2"]);
        assert_eq!(table.text(), "| a | b |\n| --- | --- |\n| 1 | 2 |\n");
    }

    #[test]
    fn sections_not_measured_are_kept() {
        let section = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let first = merged("# Old\n", &[section("s10", "ten"), section("s1", "one")]);
        assert!(first.starts_with("# Benchmarks"));
        let second = merged(&first, &[section("s1", "uno"), section("peers s1", "two")]);
        assert_eq!(
            &second[INTRO.len()..],
            "\n<!-- s1 -->\nuno\n<!-- end -->\n\n<!-- s10 -->\nten\n<!-- end -->\n\
             \n<!-- peers s1 -->\ntwo\n<!-- end -->\n"
        );
    }
}
