//! The Wilson score interval, 95 % (E. B. Wilson, 1927): honest at small numbers and near 0 and 100 %,
//! where the textbook interval is not.

/// The 97.5th percentile of the normal distribution, as DOMAIN 8 fixes it.
const Z: f64 = 1.959_964;

/// Lower and upper bound of a proportion, each between 0 and 1. `of` must not be 0.
pub fn wilson(count: u32, of: u32) -> (f64, f64) {
    let (n, p) = (f64::from(of), f64::from(count) / f64::from(of));
    let z2 = Z * Z;
    let centre = p + z2 / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    (((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0))
}
