//! The experiment: who of those who see the plans subscribes.

/// Variants, and how many of 1,000 convert.
const RATES: [(&str, u32); 3] = [("control", 190), ("annual_first", 275), ("compact", 202)];

/// Keeps each variant's rate exact, so that what the experiment says is no matter of the seed.
pub(super) struct Trial {
    /// Of each variant, what part of a conversion is due, in thousandths.
    due: [u32; RATES.len()],
}

impl Trial {
    pub(super) const fn new() -> Self {
        Self { due: [500; RATES.len()] }
    }

    /// Whether the next one who is shown the variant converts.
    pub(super) fn converts(&mut self, variant: &str) -> bool {
        let Some(at) = RATES.iter().position(|(name, _)| *name == variant) else { return false };
        self.due[at] += RATES[at].1;
        let converts = self.due[at] >= 1_000;
        if converts {
            self.due[at] -= 1_000;
        }
        converts
    }
}
