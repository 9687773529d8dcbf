//! Times as the loop over rows compares them: 32 bits, so that a block's state is small.

use super::plan::{FunnelQuery, Window};
use super::source::Clock;
use crate::DAY_MS;

/// Ticks lie between its negative and it.
const TICK_END: u64 = 1 << 30;

/// A time as the state of a funnel holds it: 0 at the start of the range.
pub(super) trait Instant: Copy + PartialOrd {
    /// How much later one is than another; an earlier one is much later.
    type Span: Copy + Ord + Default;

    /// Of a user whom no event matches.
    const DEAD: Self;
    /// Before the start of the range.
    const BEFORE: Self;

    /// How much later it is than another.
    fn since(self, other: Self) -> Self::Span;

    /// The instant so much later.
    fn plus(self, span: Self::Span) -> Self;

    /// Itself when `keep` holds, else that of the dead, without a branch.
    fn or_dead(self, keep: bool) -> Self;

    /// The span when `keep` holds, else none.
    fn span_if(span: Self::Span, keep: bool) -> Self::Span;
}

macro_rules! instant {
    ($signed:ty, $unsigned:ty) => {
        impl Instant for $signed {
            type Span = $unsigned;

            const DEAD: Self = Self::MIN;
            const BEFORE: Self = -1;

            #[inline(always)]
            fn since(self, other: Self) -> $unsigned {
                self.wrapping_sub(other) as $unsigned
            }

            #[inline(always)]
            fn plus(self, span: $unsigned) -> Self {
                self.wrapping_add(span as $signed)
            }

            #[inline(always)]
            fn or_dead(self, keep: bool) -> Self {
                // All bits or none, so that several users are advanced at a time.
                let mask = <$signed>::from(keep).wrapping_neg();
                (self & mask) | (Self::DEAD & !mask)
            }

            #[inline(always)]
            fn span_if(span: $unsigned, keep: bool) -> $unsigned {
                span & <$unsigned>::from(keep).wrapping_neg()
            }
        }
    };
}

instant!(i32, u32);
instant!(i64, u64);

/// A clock by which the state of a funnel counts time.
pub(super) trait FunnelClock: Clock<Time: Instant> {
    /// A clock for a funnel whose range starts at a time, for times between the given ones, all in ms.
    fn over(start_ms: i64, times_ms: (i64, i64)) -> Self;

    /// The instant of a time.
    fn of(self, time_ms: i64) -> Self::Time;

    /// The time at which the clock stands at 0, in ms.
    fn base_ms(self) -> i64;

    /// The time of an instant, where one instant is one time.
    fn time_ms(self, at: Self::Time) -> Option<i64>;

    /// From the instant of a first match, which is not before 0, to that at which its window closes; none where that
    /// takes the exact time.
    fn limit_of(self, query: &FunnelQuery) -> Option<impl Fn(Self::Time) -> Self::Time>;
}

/// A clock that counts ms, so that it tells how long a step took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exact {
    base_ms: i64,
    zero_ms: i64,
}

impl Clock for Exact {
    type Time = i64;

    fn starting_at(self, zero_ms: i64) -> Self {
        Self { zero_ms: zero_ms.wrapping_sub(self.base_ms), ..self }
    }

    #[inline(always)]
    fn read(self, after_zero_ms: i64) -> i64 {
        self.zero_ms.wrapping_add(after_zero_ms)
    }
}

impl FunnelClock for Exact {
    fn over(start_ms: i64, _: (i64, i64)) -> Self {
        Self { base_ms: start_ms, zero_ms: 0 }
    }

    fn of(self, time_ms: i64) -> i64 {
        time_ms.wrapping_sub(self.base_ms)
    }

    fn base_ms(self) -> i64 {
        self.base_ms
    }

    #[inline(always)]
    fn time_ms(self, at: i64) -> Option<i64> {
        Some(self.base_ms.wrapping_add(at))
    }

    fn limit_of(self, query: &FunnelQuery) -> Option<impl Fn(i64) -> i64> {
        let is_aligned =
            self.base_ms % DAY_MS == 0 && query.range().end_ms() - self.base_ms < DIVIDED_END;
        // What of a time in its day is left out: all bits or none, so that there is one loop without a branch.
        let (left_out, window_ms) = match (query.window(), query.utc_days()) {
            (Window::Exact(ms), _) => (0, ms),
            (_, Some(days)) if is_aligned => (-1, i64::from(days) * DAY_MS),
            _ => return None,
        };
        Some(move |at: i64| {
            let in_day = at.wrapping_sub(day_start(at));
            at.wrapping_sub(in_day & left_out).wrapping_add(window_ms)
        })
    }
}

/// Times that [`day_start`] divides come before it.
const DIVIDED_END: i64 = 1 << 41;

/// The start of the day of a time, which is not negative, in ms: by multiplying numbers of 32 bits, which processors do for
/// several users at a time.
#[inline(always)]
const fn day_start(at_ms: i64) -> i64 {
    const UNIT_BITS: u32 = DAY_MS.trailing_zeros();
    const UNITS: u64 = DAY_MS as u64 >> UNIT_BITS;
    const BITS: u32 = 48;
    const INVERSE: u64 = (1 << BITS) / UNITS + 1;
    let units = (at_ms as u64 >> UNIT_BITS) & u32::MAX as u64;
    let day = units.wrapping_mul(INVERSE) >> BITS;
    (day * DAY_MS as u64) as i64
}

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
struct Days {
    day_ticks: u32,
    /// 2^`bits` / `day_ticks`, rounded up: multiplying by it divides every tick exactly.
    inverse: u64,
    bits: u32,
}

impl FunnelClock for Ticks {
    /// Ticks as short as 32 bits allow.
    fn over(base_ms: i64, (least_ms, greatest_ms): (i64, i64)) -> Self {
        let furthest = least_ms.abs_diff(base_ms).max(greatest_ms.abs_diff(base_ms));
        let mut shift = 0;
        while furthest >> shift >= TICK_END {
            shift += 1;
        }
        Self { base_ms, zero_ms: 0, shift }.starting_at(0)
    }

    fn of(self, time_ms: i64) -> i32 {
        self.starting_at(0).read(time_ms)
    }

    fn base_ms(self) -> i64 {
        self.base_ms
    }

    fn time_ms(self, at: i32) -> Option<i64> {
        (self.shift == 0).then(|| self.base_ms.wrapping_add(at.into()))
    }

    /// Where every day begins with a tick, and tick 0 begins a day.
    fn limit_of(self, query: &FunnelQuery) -> Option<impl Fn(i32) -> i32> {
        let is_aligned = self.base_ms % DAY_MS == 0 && DAY_MS % (1 << self.shift) == 0;
        let after = query.utc_days().filter(|_| is_aligned)?;
        let days = Days::new((DAY_MS >> self.shift) as u32);
        Some(move |tick: i32| days.after(tick as u32, after))
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
    fn after(self, tick: u32, days: u32) -> i32 {
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
        fn days_begin_where_division_tells(at_ms in 0..DIVIDED_END, near in -2..2_i64) {
            let near_ms = at_ms - at_ms % DAY_MS + near;
            for at_ms in [at_ms, near_ms.max(0), DIVIDED_END - 1] {
                prop_assert_eq!(day_start(at_ms), at_ms - at_ms % DAY_MS);
            }
        }

        #[test]
        fn ticks_keep_the_order_of_times(
            base_ms in 0..7_000_000_000_000_i64,
            times in [0..7_258_118_400_000_i64, 0..7_258_118_400_000_i64],
        ) {
            let [least, greatest] = [times[0].min(times[1]), times[0].max(times[1])];
            let ticks = Ticks::over(base_ms, (least, greatest));
            prop_assert!(ticks.of(least) <= ticks.of(greatest));
            prop_assert_eq!(ticks.of(base_ms), 0);
            prop_assert_eq!(least < base_ms, ticks.of(least) < 0);
            let zero = ticks.starting_at(least);
            prop_assert_eq!(zero.read(greatest - least), ticks.of(greatest));
        }
    }
}
