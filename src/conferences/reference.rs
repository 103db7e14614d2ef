//! The mailable reference of a conference: random, and derived from nothing (DOMAIN 3).

use crate::platform::token;

/// "K7Q2-M4TD": eight of 28 letters and digits that are not mistaken for one another when read out.
pub fn new_reference() -> String {
    let letters = token(8);
    format!("{}-{}", &letters[..4], &letters[4..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_two_groups_of_four_and_never_the_same() {
        let made: std::collections::BTreeSet<_> = (0..1000).map(|_| new_reference()).collect();
        assert_eq!(made.len(), 1000);
        assert!(
            made.iter().all(|r| r.len() == 9 && r.as_bytes()[4] == b'-' && !r.contains(['0', 'O', '1', 'I']))
        );
    }
}
