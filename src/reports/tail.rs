//! How often chance alone brings so many, or so few: the tail of the binomial distribution, exactly. The limits of a p-chart
//! rest on a bell curve, which few invitations, or a share near none or all, do not follow.

/// The chance that of `n`, each counting with chance `p` (0 to 1), at most `k` count.
pub fn at_most(k: u32, n: u32, p: f64) -> f64 {
    at_least(n - k, n, 1.0 - p)
}

/// The chance that at least `k` count.
pub fn at_least(k: u32, n: u32, p: f64) -> f64 {
    if k == 0 || p >= 1.0 {
        return 1.0;
    }
    if p <= 0.0 {
        return 0.0;
    }
    // Of exactly k, by logarithms, for a thousand factors leave a number's range; then outwards, each from the one before.
    let choose: f64 = (1..=k).map(|i| (f64::from(n - k + i) / f64::from(i)).ln()).sum();
    let mut of = (choose + f64::from(k) * p.ln() + f64::from(n - k) * (-p).ln_1p()).exp();
    let mut sum = 0.0;
    for i in k..=n {
        sum += of;
        of *= f64::from(n - i) / f64::from(i + 1) * p / (1.0 - p);
        if of < sum * f64::EPSILON && f64::from(i) > f64::from(n) * p {
            break;
        }
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tails_are_those_of_a_coin_and_of_published_tables() {
        let near = |is: f64, wanted: f64| assert!((is - wanted).abs() < 1e-6, "{is} {wanted}");
        near(at_least(4, 4, 0.5), 0.0625);
        near(at_most(1, 4, 0.5), 0.3125);
        // Tables of the binomial distribution: n = 20, p = 0.3, at most 2; n = 15, p = 0.9, at least 14.
        near(at_most(2, 20, 0.3), 0.035_483);
        near(at_least(14, 15, 0.9), 0.549_043);
        near(at_least(0, 7, 0.2), 1.0);
        near(at_most(7, 7, 0.2), 1.0);
        near(at_most(6, 7, 1.0), 0.0);
        assert!(at_most(400, 1000, 0.5) < 1e-9 && at_most(50_000, 100_000, 0.5) > 0.5);
    }
}
