//! An interval beside zero: where a figure could be, and whether nothing is among it.

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 16.0;
/// Space at both ends, so that what lies at an end is whole.
const MARGIN: f64 = 4.0;

/// Figures on one scale can be compared by eye.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// The smallest scale that has all of these bounds and zero.
    pub(crate) fn of(bounds: impl Iterator<Item = [f64; 2]>) -> Self {
        let finite = bounds.filter(|it| it.iter().all(|it| it.is_finite()));
        finite.fold(Self { low: 0.0, high: 0.0 }, |scale, [low, high]| Self {
            low: scale.low.min(low),
            high: scale.high.max(high),
        })
    }

    fn x(self, value: f64) -> f64 {
        let span = if self.high > self.low { self.high - self.low } else { 1.0 };
        MARGIN + (value - self.low) / span * (WIDTH - 2.0 * MARGIN)
    }
}

/// A figure between its bounds, and zero.
pub(crate) fn interval([low, high]: [f64; 2], value: f64, scale: Scale, title: &str) -> String {
    let (zero, middle) = (scale.x(0.0), HEIGHT / 2.0);
    let (left, right, at) = (scale.x(low), scale.x(high), scale.x(value));
    let holds_zero = if low <= 0.0 && high >= 0.0 { " open" } else { "" };
    format!(
        "<svg class=\"interval{holds_zero}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\
         <title>{}</title><path class=\"base\" d=\"M{zero:.1} 0V{HEIGHT}\"/>\
         <path class=\"line\" d=\"M{left:.1} {middle}H{right:.1}\"/>\
         <circle cx=\"{at:.1}\" cy=\"{middle}\" r=\"2.75\"/></svg>",
        super::sparkline::escaped(title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_stands_on_the_scale_of_all() {
        let all = [[-2.0, 2.0], [1.0, 6.0]];
        let scale = Scale::of(all.into_iter());
        let drawn = interval(all[1], 3.0, scale, "+1 to +6");
        assert!(drawn.contains("M32.0 0V16") && drawn.contains("M46.0 8H116.0"), "{drawn}");
        assert!(drawn.contains("cx=\"74.0\"") && !drawn.contains("open"), "{drawn}");
        assert!(interval(all[0], 0.0, scale, "").contains("interval open"));
    }

    #[test]
    fn a_scale_of_nothing_still_has_a_place_for_zero() {
        let scale = Scale::of([[f64::NAN, f64::INFINITY]].into_iter());
        assert!(interval([0.0, 0.0], 0.0, scale, "").contains("M4.0 0V16"));
    }
}
