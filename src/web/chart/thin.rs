//! Fewer points of a series, the extremes of every column among them.

/// The places of the points to draw: all when there are few, else the first, the last, and the
/// lowest and highest of each of `columns` equal parts, in order.
pub(crate) fn thin(values: &[f64], columns: usize) -> Vec<usize> {
    if values.len() <= 2 * columns {
        return (0..values.len()).collect();
    }
    let mut places = vec![0];
    for column in 0..columns {
        let from = column * values.len() / columns;
        let to = (column + 1) * values.len() / columns;
        let (mut low, mut high) = (from, from);
        for at in from..to {
            if values[at] < values[low] {
                low = at;
            }
            if values[at] > values[high] {
                high = at;
            }
        }
        places.extend([low.min(high), low.max(high)]);
    }
    places.push(values.len() - 1);
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_points_all_stay() {
        assert_eq!(thin(&[3.0, 1.0, 2.0, 5.0], 2), [0, 1, 2, 3]);
        assert_eq!(thin(&[], 2), [0_usize; 0]);
    }

    #[test]
    fn an_extreme_is_never_dropped() {
        // A walk with a spike of one bar in either direction, anywhere.
        for spike in 0..997 {
            let mut values: Vec<f64> = (0..997_u32).map(|t| f64::from(t * 37 % 101)).collect();
            values[spike] = 1_000.0;
            values[996 - spike] = -1_000.0;
            let places = thin(&values, 50);
            let wanted = if spike == 498 { vec![498] } else { vec![spike, 996 - spike] };
            assert!(wanted.iter().all(|it| places.contains(it)), "{spike}");
            assert!(places.is_sorted() && places.len() <= 102);
            assert_eq!((places[0], places.last()), (0, Some(&996)));
        }
    }
}
