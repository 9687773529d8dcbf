//! Numbers drawn at random, the same on every machine: integers alone, from a fixed seed.

/// SplitMix64.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// A number below `end`, each as likely as the others but for one in 2^64.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// A number from `least` to below `least << doublings`, each doubling as likely as the others.
    pub(super) fn scaled(&mut self, least: u64, doublings: u64) -> u64 {
        let low = least << self.below(doublings);
        low + self.below(low)
    }

    /// Puts things in an order drawn at random.
    pub(super) fn shuffle<T>(&mut self, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            things.swap(end, self.below(end as u64 + 1) as usize);
        }
    }
}

/// The bits of a number spread over all 64: the same number gives the same bits.
pub(super) fn mixed(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Ranks by a Zipf law of exponent 1: rank k is drawn 1/k as often as rank 1.
pub(super) struct Zipf {
    /// Of each rank, the weight of it and of all before it.
    upto: Vec<u64>,
}

impl Zipf {
    pub(super) fn new(ranks: u64) -> Self {
        let mut total = 0;
        let upto = (1..=ranks).map(|rank| {
            total += (1 << 40) / rank;
            total
        });
        Self { upto: upto.collect() }
    }

    /// A rank, from 1.
    pub(super) fn draw(&self, random: &mut Random) -> u64 {
        let total = self.upto.last().copied().unwrap_or(0);
        let drawn = random.below(total);
        self.upto.partition_point(|upto| *upto <= drawn) as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_everywhere() {
        let mut random = Random::new(1);
        let drawn: Vec<u64> = (0..4).map(|_| random.below(1_000)).collect();
        assert_eq!(drawn, [566, 745, 971, 444]);
    }

    #[test]
    fn zipf_draws_the_first_rank_twice_as_often_as_the_second() {
        let (zipf, mut random) = (Zipf::new(100), Random::new(7));
        let mut counts = [0_u32; 101];
        for _ in 0..100_000 {
            counts[zipf.draw(&mut random) as usize] += 1;
        }
        assert_eq!(counts[0], 0);
        assert!(counts[1..].iter().all(|count| *count > 0));
        let ratio = f64::from(counts[1]) / f64::from(counts[2]);
        assert!((1.9..2.1).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_shuffle_keeps_everything() {
        let mut things: Vec<u32> = (0..100).collect();
        Random::new(3).shuffle(&mut things);
        assert_ne!(things, (0..100).collect::<Vec<_>>());
        things.sort_unstable();
        assert_eq!(things, (0..100).collect::<Vec<_>>());
    }
}
