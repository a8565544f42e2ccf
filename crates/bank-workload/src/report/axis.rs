//! Where a number stands on an axis, and which numbers are written beside it.

/// An axis from one end of the drawing to the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// The numbers at the ends, or their logarithms.
    low: f64,
    high: f64,
    /// Where the ends are drawn.
    from: f64,
    to: f64,
    is_logarithmic: bool,
}

impl Axis {
    /// Returns an axis from zero to the number.
    pub(super) fn linear(high: f64, from: f64, to: f64) -> Self {
        Self { low: 0.0, high: if high > 0.0 { high } else { 1.0 }, from, to, is_logarithmic: false }
    }

    /// Returns an axis of whole powers of ten that holds both numbers.
    pub(super) fn logarithmic(low: f64, high: f64, from: f64, to: f64) -> Self {
        let low = low.max(0.001).log10().floor();
        Self { low, high: high.log10().ceil().max(low + 1.0), from, to, is_logarithmic: true }
    }

    /// Returns where a number is drawn.
    pub(super) fn at(self, number: f64) -> f64 {
        let number = if self.is_logarithmic { number.log10() } else { number };
        let share = (number - self.low) / (self.high - self.low);
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Returns the numbers to write, in ascending order, about `wanted` of them; all powers of ten if it is logarithmic.
    pub(super) fn ticks(self, wanted: f64) -> Vec<f64> {
        let step = if self.is_logarithmic { 1.0 } else { step(self.high / wanted) };
        // What is added up may end a hair above the last number.
        let ticks = std::iter::successors(Some(self.low), |tick| Some(tick + step))
            .take_while(|tick| *tick <= self.high + step * 1e-6)
            .take(100);
        ticks.map(|tick| if self.is_logarithmic { 10_f64.powf(tick) } else { tick }).collect()
    }
}

/// Returns the next of 1, 2 and 5 times a power of ten.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= least * 0.999_999)
        .unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_within_the_axis() {
        assert_eq!(Axis::linear(60.0, 0.0, 1.0).ticks(6.0), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
        assert_eq!(Axis::linear(0.0, 0.0, 1.0).ticks(2.0), [0.0, 0.5, 1.0]);
        assert_eq!(Axis::logarithmic(0.7, 450.0, 0.0, 1.0).ticks(9.0).len(), 5);
    }

    #[test]
    fn everything_is_drawn_between_the_ends() {
        let axis = Axis::logarithmic(1.0, 1000.0, 300.0, 0.0);
        assert!((axis.at(1.0) - 300.0).abs() < 1e-9 && axis.at(1000.0).abs() < 1e-9);
        assert!((axis.at(0.0) - 300.0).abs() < 1e-9 && axis.at(f64::MAX).abs() < 1e-9);
        assert!((axis.at(10.0) - 200.0).abs() < 1e-6);
    }
}
