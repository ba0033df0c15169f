//! Quantiles, to the three digits that a band needs.

/// How many standard deviations lie below the part `p` (0 to 1) of a normal distribution.
pub(super) fn normal(p: f64) -> f64 {
    // Hastings' rational approximation (Abramowitz and Stegun 26.2.23), off by 0.00045 at most.
    let tail = p.min(1.0 - p).max(1e-12);
    let t = (-2.0 * libm::log(tail)).sqrt();
    let over = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let under = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    (t - over / under).copysign(p - 0.5)
}

/// The same of Student's distribution with `freedom` degrees, for a variance that is itself
/// estimated; by Fisher's expansion, good from five degrees on.
pub(super) fn student(p: f64, freedom: f64) -> f64 {
    let z = normal(p);
    let (z3, z5) = (z.powi(3), z.powi(5));
    z + (z3 + z) / (4.0 * freedom) + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * freedom.powi(2))
}

/// The value of a gamma distribution of that mean and variance, `z` standard deviations from the
/// middle as a normal distribution would have it (Wilson and Hilferty); never below 0.
pub(super) fn gamma(mean: f64, variance: f64, z: f64) -> f64 {
    let ninth = variance / (9.0 * mean * mean);
    mean * (1.0 - ninth + z * ninth.sqrt()).max(0.0).powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64, slack: f64) {
        assert!((value - expected).abs() < slack, "{value} is not {expected}");
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        near(normal(0.975), 1.960, 0.001);
        near(normal(0.025), -1.960, 0.001);
        near(normal(0.9), 1.2816, 0.001);
        near(student(0.975, 10.0), 2.228, 0.005);
        near(student(0.975, 28.0), 2.048, 0.002);
        // Half of chi squared with ten degrees.
        near(gamma(5.0, 5.0, normal(0.975)), 10.241, 0.02);
        near(gamma(5.0, 5.0, normal(0.025)), 1.6235, 0.02);
        assert_eq!(gamma(0.1, 5.0, -2.0), 0.0);
    }
}
