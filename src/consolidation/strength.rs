//! How strong a memory is: it fades from its last use on. Pure, and no state of its own, so that nothing depends on how often it is
//! looked at.

/// Significance slows fading: a memory of significance 1 takes this many times longer than one of 0, less one.
const SLOWED: f64 = 2.0;

/// The days in which a memory of this significance (0 to 1) loses half of its strength.
pub fn half_life(days: f64, significance: f64) -> f64 {
    days * (1.0 + SLOWED * significance)
}

/// What is left of a strength after some days: exponential forgetting (Ebbinghaus 1885, in the form of spaced-repetition models such as
/// half-life regression, Settles and Meeder 2016). sql/consolidation/forget_handoffs.sql computes the same.
pub fn decayed(strength: f64, days: f64, half_life: f64) -> f64 {
    strength * (-days.max(0.0) / half_life).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daily_weekly_or_once_after_a_year_gives_the_same() {
        for significance in [0.0, 0.1, 0.5, 0.9, 1.0] {
            for half in [0.5, 7.0, 30.0, 365.0] {
                let half = half_life(half, significance);
                let run = |step: usize| {
                    (0..364 / step).fold(1.0, |strength, _| decayed(strength, step as f64, half))
                };
                let (daily, weekly, once) = (run(1), run(7), run(364));
                assert!(
                    (daily - once).abs() < 1e-6 && (weekly - once).abs() < 1e-6,
                    "{half}: {daily} {weekly} {once}"
                );
                assert!(once > decayed(1.0, 364.0, half * 0.9));
            }
        }
        assert_eq!(decayed(1.0, 30.0, 30.0), 0.5);
        assert_eq!(decayed(0.7, -3.0, 30.0), 0.7);
    }
}
