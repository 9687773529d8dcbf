//! The figures, as a table on the terminal and a page of the documentation.

use std::fs;
use std::thread;

/// What was measured, in order.
#[derive(Default)]
pub(super) struct Report(Vec<Row>);

/// One measurement with its figures.
pub(super) struct Row {
    name: String,
    values: Vec<String>,
}

impl Row {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), values: Vec::new() }
    }

    /// Adds a figure with its unit.
    pub(super) fn value(mut self, number: f64, unit: &str) -> Self {
        self.values.push(format!("{} {unit}", shown(number)));
        self
    }
}

impl Report {
    pub(super) fn add(&mut self, row: Row) {
        self.0.push(row);
    }

    /// A table in Markdown.
    pub(super) fn table(&self) -> String {
        let rows =
            self.0.iter().map(|row| format!("| {} | {} |\n", row.name, row.values.join(", ")));
        format!("| measured | figure |\n| --- | --- |\n{}", rows.collect::<String>())
    }

    /// The page of the documentation.
    pub(super) fn page(&self, events: u64) -> String {
        let cores = thread::available_parallelism().map_or(1, |count| count.get());
        format!(
            "# Benchmarks\n\n\
             `cargo xtask bench` builds the server, makes a file of {} events once (a fixed seed; five event types,\n\
             10,000 users, three properties of 10, 100 and 1,000 values, ten days), and measures from outside, over HTTP on\n\
             loopback. It writes this page.\n\n\
             Machine: {}, {cores} cores. Questions: the least and the median of 15 warm runs. Everything posted or\n\
             imported is durable when it counts.\n\n{}",
            grouped(events),
            processor(),
            self.table()
        )
    }
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name"));
    let name = name.map(|rest| rest.trim_start_matches([' ', '\t', ':']).trim());
    name.filter(|name| !name.is_empty()).unwrap_or("unknown processor").to_owned()
}

/// A number with as many digits as say something.
fn shown(number: f64) -> String {
    if number >= 1000.0 { grouped(number as u64) } else { format!("{number:.2}") }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_with_the_digits_that_count() {
        assert_eq!(shown(0.1234), "0.12");
        assert_eq!(shown(999.5), "999.50");
        assert_eq!(shown(1000.4), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(100), "100");
    }

    #[test]
    fn a_row_has_all_its_figures() {
        let mut report = Report::default();
        report.add(Row::new("import").value(1.5, "s").value(20_000.0, "events/s"));
        assert!(report.table().ends_with("| import | 1.50 s, 20,000 events/s |\n"));
        assert!(report.page(1_000_000).contains("1,000,000 events"));
    }
}
