//! Times as the loop over rows compares them: 32 bits, so that a block's state is small.

use super::source::Clock;
use crate::DAY_MS;

/// Ticks lie between its negative and it.
const TICK_END: u64 = 1 << 30;

/// A clock whose ticks are as short as 32 bits allow for the times at hand: of two times in one tick the
/// exact ones must decide.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticks {
    base_ms: i64,
    /// The clock's zero after the base.
    zero_ms: i64,
    /// A tick is two to the power of this in ms.
    shift: u32,
}

/// A clock that counts days (UTC) in ticks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    day_ticks: u32,
    /// 2^`bits` / `day_ticks`, rounded up: multiplying by it divides every tick exactly.
    inverse: u64,
    bits: u32,
}

impl Ticks {
    /// Ticks that are 0 at the base, for times between the given ones, all in ms.
    pub(super) fn new(base_ms: i64, (least_ms, greatest_ms): (i64, i64)) -> Self {
        let furthest = least_ms.abs_diff(base_ms).max(greatest_ms.abs_diff(base_ms));
        let mut shift = 0;
        while furthest >> shift >= TICK_END {
            shift += 1;
        }
        Self { base_ms, zero_ms: 0, shift }.starting_at(0)
    }

    /// The tick in which a time lies.
    pub(super) fn of(self, time_ms: i64) -> i32 {
        self.starting_at(0).read(time_ms)
    }

    /// The time at which tick 0 begins, in ms.
    pub(super) const fn base_ms(self) -> i64 {
        self.base_ms
    }

    /// The days, when every day begins with a tick and tick 0 begins a day.
    pub(super) fn days(self) -> Option<Days> {
        let aligned = self.base_ms % DAY_MS == 0 && DAY_MS % (1 << self.shift) == 0;
        aligned.then(|| Days::new((DAY_MS >> self.shift) as u32))
    }
}

impl Clock for Ticks {
    type Time = i32;

    fn starting_at(self, zero_ms: i64) -> Self {
        Self { zero_ms: zero_ms.wrapping_sub(self.base_ms), ..self }
    }

    #[inline(always)]
    fn read(self, after_zero_ms: i64) -> i32 {
        (self.zero_ms.wrapping_add(after_zero_ms) >> self.shift) as i32
    }
}

impl Days {
    fn new(day_ticks: u32) -> Self {
        let bits = 33 + day_ticks.ilog2();
        Self { day_ticks, inverse: (1 << bits) / u64::from(day_ticks) + 1, bits }
    }

    /// The first tick of the day that is so many days after that of a tick, which is not negative.
    #[inline(always)]
    pub(super) fn after(self, tick: u32, days: u32) -> i32 {
        let day = u64::from(tick).wrapping_mul(self.inverse) >> self.bits;
        (day as u32).wrapping_add(days).wrapping_mul(self.day_ticks) as i32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn days_are_what_division_tells(tick in 0..TICK_END as u32, shift in 0..=10_u32, near in 0..3_u32) {
            let day_ticks = (DAY_MS >> shift) as u32;
            let days = Days::new(day_ticks);
            for tick in [tick, (tick / day_ticks * day_ticks + near).saturating_sub(1)] {
                let expected = (tick / day_ticks).wrapping_add(7).wrapping_mul(day_ticks);
                prop_assert_eq!(days.after(tick, 7), expected as i32);
            }
        }

        #[test]
        fn ticks_keep_the_order_of_times(
            base_ms in 0..7_000_000_000_000_i64,
            times in [0..7_258_118_400_000_i64, 0..7_258_118_400_000_i64],
        ) {
            let [least, greatest] = [times[0].min(times[1]), times[0].max(times[1])];
            let ticks = Ticks::new(base_ms, (least, greatest));
            prop_assert!(ticks.of(least) <= ticks.of(greatest));
            prop_assert_eq!(ticks.of(base_ms), 0);
            prop_assert_eq!(least < base_ms, ticks.of(least) < 0);
            let zero = ticks.starting_at(least);
            prop_assert_eq!(zero.read(greatest - least), ticks.of(greatest));
        }
    }
}
