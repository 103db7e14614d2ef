//! Who is told again where a record was amended (DOMAIN 7): each reader, what is otherwise than what it was told last. What
//! went is never silently withdrawn; what never went, and what is right again, is not written about.

use super::due::Basis;
use super::entity::feedback;
use super::recipients::{Reached, Recipient};
use super::store::ToldLast;
use crate::mail::{Domains, Trust};

/// Whether an item says what a letter named `name` would say now. `basis`: on what a letter so named would rest.
pub(super) fn says_it(item: &feedback::Model, name: &str, basis: &impl Fn(&str) -> Basis) -> bool {
    let then = serde_json::from_str::<Basis>(&item.basis).ok();
    [name, &item.wording].into_iter().any(|name| then.as_ref() == Some(&basis(name)))
}

/// Those who are told again, and those who are told for the first time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Again {
    /// A correction each, and what it names as otherwise.
    pub corrections: Vec<(Recipient, Vec<&'static str>)>,
    /// Whoever was still to be written to, and has not been: the letter itself.
    pub first: Reached,
}

impl Again {
    /// Of what readers were told last, and to whom a letter would go now.
    pub(super) fn of(
        told: &[ToldLast],
        mut first: Reached,
        domains: &Domains,
        name: &str,
        basis: &impl Fn(&str) -> Basis,
    ) -> Self {
        let addresses = || told.iter().filter_map(|t| t.address.as_deref());
        first.recipients.retain(|r| !addresses().any(|known| known.eq_ignore_ascii_case(&r.address)));
        // Whether a letter arrived that may only have been delivered, nobody knows: its reader is told.
        let otherwise = |t: &&ToldLast| t.doubtful || !says_it(&t.item, name, basis);
        let corrections = told.iter().filter(otherwise).filter_map(|told| {
            let address = told.address.clone()?;
            let then = serde_json::from_str::<Basis>(&told.item.basis).ok();
            let changed = then.map(|then| then.changes(&basis(name))).unwrap_or_default();
            let full = domains.trust(&address) == Trust::Full;
            Some((Recipient { address, full }, changed))
        });
        let by_post = addresses().next().is_some() || !first.recipients.is_empty();
        first.call = !by_post && (told.is_empty() || told.iter().any(|t| otherwise(&t)));
        Self { corrections: corrections.collect(), first }
    }

    /// Nobody has to be told anything.
    pub(super) fn is_nothing(&self) -> bool {
        self.corrections.is_empty() && self.first == Reached::default()
    }
}
