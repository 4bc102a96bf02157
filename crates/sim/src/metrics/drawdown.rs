//! The maximum drawdown: the deepest fall of equity from its highest value so far.

/// The deepest fall of a series, by position in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawdown {
    /// `1 − trough ÷ peak`, a positive fraction; 0 when the series never fell.
    pub depth: f64,
    /// The last time the series was at the peak it fell from.
    pub peak: usize,
    /// The lowest point of the fall.
    pub trough: usize,
    /// The first time after the trough at which the series was back at the peak.
    pub recovery: Option<usize>,
}

/// The deepest fall, `max_t (1 − E_t ÷ max_{s≤t} E_s)`; the first value counts as a peak.
///
/// Of equal falls the first is taken. A series that does not start above zero has none.
pub fn max(equity: &[f64]) -> Drawdown {
    let mut deepest = Drawdown { depth: 0.0, peak: 0, trough: 0, recovery: None };
    let mut peak = 0;
    for (t, &value) in equity.iter().enumerate() {
        if value >= equity[peak] {
            peak = t;
        } else if equity[peak] > 0.0 {
            let depth = 1.0 - value / equity[peak];
            if depth > deepest.depth {
                deepest = Drawdown { depth, peak, trough: t, recovery: None };
            }
        }
    }
    if deepest.depth > 0.0 {
        let after = equity.iter().enumerate().skip(deepest.trough);
        let mut back = after.filter(|(_, value)| **value >= equity[deepest.peak]);
        deepest.recovery = back.next().map(|(t, _)| t);
    }
    deepest
}

/// The fall from the highest value so far at every value, a fraction from 0 to 1.
pub fn path(equity: &[f64]) -> Vec<f64> {
    let mut peak = 0.0_f64;
    let fall = |&value: &f64| {
        peak = peak.max(value);
        if peak > 0.0 { 1.0 - value / peak } else { 0.0 }
    };
    equity.iter().map(fall).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_equity_is_a_peak() {
        let fall = max(&[100.0, 75.0, 100.0, 90.0]);
        assert_eq!(fall, Drawdown { depth: 0.25, peak: 0, trough: 1, recovery: Some(2) });
    }

    #[test]
    fn the_fall_starts_where_the_peak_was_last_held() {
        let fall = max(&[80.0, 100.0, 100.0, 50.0, 60.0]);
        assert_eq!(fall, Drawdown { depth: 0.5, peak: 2, trough: 3, recovery: None });
    }

    #[test]
    fn a_rising_series_never_fell() {
        let fall = max(&[1.0, 1.0, 2.0]);
        assert_eq!((fall.depth, fall.recovery), (0.0, None));
        assert!(max(&[]).depth <= 0.0);
    }

    #[test]
    fn ruin_is_a_drawdown_of_one() {
        let fall = max(&[100.0, 120.0, 0.0, 0.0]);
        assert_eq!(fall, Drawdown { depth: 1.0, peak: 1, trough: 2, recovery: None });
    }

    #[test]
    fn the_path_is_as_deep_as_its_deepest_fall() {
        let equity = [80.0, 100.0, 100.0, 50.0, 60.0, 120.0];
        assert_eq!(path(&equity), [0.0, 0.0, 0.0, 0.5, 0.4, 0.0]);
        assert_eq!(path(&[0.0, 0.0]), [0.0, 0.0]);
    }
}
