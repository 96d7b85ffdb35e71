//! How far a walk along the index of an order goes that hopes to meet enough rows.

/// So many entries are passed at most.
const MAX_STEPS: i64 = 20_000;

/// As many entries at least are passed in the first stage.
const FIRST_STEPS: i64 = 500;

/// How many entries each stage passes; none if there is no hope to meet enough within all of them. Where a stage ends is
/// looked up by counting entries: the fewer, the sooner. `expected` entries hold as many rows as are wanted, as far as
/// that is known: how much a scope hides is not.
pub(super) fn of(expected: f64) -> Option<[i64; 3]> {
    let is_within = |steps: i64, times: i32| {
        i32::try_from(steps).is_ok_and(|steps| expected * f64::from(times) <= f64::from(steps))
    };
    // As often as not it takes longer than expected.
    if !is_within(MAX_STEPS, 2) {
        return None;
    }
    let mut first = FIRST_STEPS;
    while !is_within(first, 4) {
        first *= 2;
    }
    let first = first.min(MAX_STEPS);
    let second = (first * 8).min(MAX_STEPS) - first;
    Some([first, second, MAX_STEPS - first - second])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_stages_together_go_as_far_as_one_may() {
        for (expected, stages) in [
            (101.0, Some([500, 3_500, 16_000])),
            (200.0, Some([1_000, 7_000, 12_000])),
            (4_000.0, Some([16_000, 4_000, 0])),
            (10_000.0, Some([20_000, 0, 0])),
            (10_001.0, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(of(expected), stages, "{expected}");
        }
    }
}
