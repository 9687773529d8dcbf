//! How many tests passed and failed, read from what the test runners print.

use std::fmt;
use std::ops::AddAssign;

/// Tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    pub(crate) const ONE_PASSED: Counts = Counts { passed: 1, failed: 0 };
    pub(crate) const ONE_FAILED: Counts = Counts { passed: 0, failed: 1 };

    /// Reads a line that says `3 passed` and `0 failed`, as this program's last one does.
    pub(crate) fn of_line(line: &str) -> Counts {
        Counts {
            passed: number_before(line, " passed").unwrap_or(0),
            failed: number_before(line, " failed").unwrap_or(0),
        }
    }

    /// Sums cargo's lines `test result: ok. 3 passed; 0 failed; ...`.
    pub(crate) fn of_cargo(output: &str) -> Counts {
        let mut counts = Counts::default();
        for line in output.lines().filter(|line| line.starts_with("test result: ")) {
            counts += Counts::of_line(line);
        }
        counts
    }

    /// Reads vitest's line `Tests  1 failed | 4 passed (5)`.
    pub(crate) fn of_vitest(output: &str) -> Counts {
        let line = output.lines().find(|line| line.trim_start().starts_with("Tests  "));
        line.map_or(Counts::default(), Counts::of_line)
    }

    /// Reads Karma's last line `Executed 3 of 4 (1 FAILED) (skipped 1) (...)`.
    pub(crate) fn of_karma(output: &str) -> Counts {
        let Some((_, line)) = output.rsplit_once("Executed ") else {
            return Counts::default();
        };
        let line = line.lines().next().unwrap_or_default();
        let executed = number_before(line, " of ").unwrap_or(0);
        let failed = number_before(line, " FAILED").unwrap_or(0);
        Counts { passed: executed.saturating_sub(failed), failed }
    }

    /// Reads the lines `  2 failed` and `  7 passed (1.2s)` at the end of what Playwright's list says.
    pub(crate) fn of_playwright(output: &str) -> Counts {
        let summary = |word: &str| {
            let of_line = |line: &str| {
                let (number, rest) = line.trim_start().split_once(' ')?;
                let is_summary = rest == word || rest.starts_with(&format!("{word} ("));
                is_summary.then(|| number.parse().ok())?
            };
            output.lines().rev().find_map(of_line).unwrap_or(0)
        };
        Counts { passed: summary("passed"), failed: summary("failed") }
    }

    /// What a runner counted, made to agree with its exit: a failure that no test accounts for
    /// (a test that does not compile, a browser that does not start) counts as one, and so does
    /// a runner that ran no test at all.
    pub(crate) fn or_one_failed(mut self, success: bool) -> Counts {
        if self.failed == 0 && (!success || self.passed == 0) {
            self.failed = 1;
        }
        self
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The number that stands straight before the first `word`.
fn number_before(line: &str, word: &str) -> Option<u64> {
    let before = &line[..line.find(word)?];
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64) -> Counts {
        Counts { passed, failed }
    }

    #[test]
    fn sums_every_result_line_of_cargo() {
        let output = "\
running 2 tests
test a ... ok
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s
";
        assert_eq!(Counts::of_cargo(output), counts(15, 2));
        assert_eq!(Counts::of_cargo("error: could not compile"), counts(0, 0));
    }

    #[test]
    fn reads_back_what_it_shows() {
        assert_eq!(Counts::of_line(&counts(12, 3).to_string()), counts(12, 3));
        assert_eq!(Counts::of_line("thread 'main' panicked"), counts(0, 0));
    }

    #[test]
    fn reads_the_line_of_vitest() {
        let output = " Test Files  2 passed (2)\n      Tests  1 failed | 4 passed (5)\n";
        assert_eq!(Counts::of_vitest(output), counts(4, 1));
        assert_eq!(Counts::of_vitest("      Tests  5 passed (5)\n"), counts(5, 0));
        assert_eq!(Counts::of_vitest(" Test Files  no tests\n"), counts(0, 0));
    }

    #[test]
    fn reads_the_last_line_of_karma() {
        let failed = "Chrome: Executed 1 of 4\nChrome: Executed 3 of 4 (1 FAILED) (skipped 1) (0.1 secs)\nTOTAL: x\n";
        assert_eq!(Counts::of_karma(failed), counts(2, 1));
        assert_eq!(
            Counts::of_karma("Chrome Headless: Executed 3 of 3 SUCCESS (0.1 secs)"),
            counts(3, 0)
        );
        assert_eq!(Counts::of_karma("Cannot start Chromium"), counts(0, 0));
    }

    #[test]
    fn reads_the_last_lines_of_playwright() {
        let output = "  x  4 [pages] > a.spec.mjs:9:1 > 7 passed over (1.5s)\n  1 failed\n    [pages] > a.spec.mjs:9:1 > 7 passed over\n  2 did not run\n  12 passed (1.2m)\n";
        assert_eq!(Counts::of_playwright(output), counts(12, 1));
        assert_eq!(Counts::of_playwright("  3 passed (900ms)\n"), counts(3, 0));
        assert_eq!(Counts::of_playwright("Error: no tests found\n"), counts(0, 0));
    }

    #[test]
    fn a_failure_without_a_failed_test_counts_as_one() {
        assert_eq!(counts(4, 0).or_one_failed(true), counts(4, 0));
        assert_eq!(counts(4, 0).or_one_failed(false), counts(4, 1));
        assert_eq!(counts(4, 2).or_one_failed(false), counts(4, 2));
        assert_eq!(counts(0, 0).or_one_failed(true), counts(0, 1));
    }
}
