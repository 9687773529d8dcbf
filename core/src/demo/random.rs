//! Numbers that follow from a seed: integers alone, so that they are the same on every machine and in the browser.

/// SplitMix64.
pub(super) struct Random(u64);

impl Random {
    /// The numbers of one thing among many, which do not depend on how many were drawn for another.
    pub(super) const fn of(seed: u64, thing: u32) -> Self {
        Self(mixed(seed ^ mixed(thing as u64 + 1)))
    }

    /// 64 bits.
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// A number below `end`, which is not 0.
    pub(super) const fn below(&mut self, end: u32) -> u32 {
        (((self.next() >> 32) * end as u64) >> 32) as u32
    }

    /// A number of `low` to `high`, both included.
    pub(super) const fn within(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True in so many of 1,000 cases.
    pub(super) const fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of some things, each with its weight.
    pub(super) fn pick<T: Copy>(&mut self, things: &[(T, u32)]) -> T {
        let mut left = self.below(things.iter().map(|(_, weight)| weight).sum());
        for (thing, weight) in things {
            if left < *weight {
                return *thing;
            }
            left -= weight;
        }
        things[0].0
    }
}

/// The bits of a number spread over all 64; distinct numbers stay distinct.
pub(super) const fn mixed(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_everywhere() {
        let mut random = Random::of(1, 2);
        let drawn = [random.below(1_000), random.within(5, 9), random.below(u32::MAX)];
        assert_eq!(drawn, [359, 8, 2_724_479_926]);
    }

    #[test]
    fn a_thing_is_picked_as_often_as_its_weight_says() {
        let mut random = Random::of(7, 0);
        let mut counts = [0_u32; 3];
        for _ in 0..10_000 {
            counts[random.pick(&[(0, 1), (1, 0), (2, 3)])] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((2_350..2_650).contains(&counts[0]), "{counts:?}");
    }
}
