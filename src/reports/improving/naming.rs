//! Whoever reads the paper reads its actions, and no figure and no action names a practitioner (DOMAIN 8).

use sea_orm::{ConnectionTrait, DbErr};

use crate::agencies::store::{contacts, directory};
use crate::conferences;
use crate::register::identifying::{is_number_of_a_patient, name_in};
use crate::web::{Errors, Fields};

/// The fields of an action and of its reviews that hold free text.
const TEXTS: [&str; 6] = ["objective", "action", "input", "desired_outcome", "lead", "words"];

/// What a form says that would name somebody: a contact or a chair whom this place knows, or an NHS number. Its fields stay
/// as they are typed.
pub async fn naming(db: &impl ConnectionTrait, form: &Fields) -> Result<Errors, DbErr> {
    let contacts = contacts(db).await?;
    let offices = directory(db).await?;
    let agencies = offices.agencies.values().map(|agency| agency.name.clone());
    let services = offices.services.values().map(|service| service.name.clone());
    let roles = contacts.iter().map(|contact| contact.role.clone());
    let offices: Vec<String> =
        agencies.chain(services).chain(roles).map(|name| name.to_lowercase()).collect();
    let chairs = conferences::store::chairs(db).await?.into_iter().map(|chair| chair.name);
    let names = contacts.iter().map(|contact| contact.name.clone()).chain(chairs);
    let known: Vec<String> = names.filter_map(|name| name_of_a_person(&name, &offices)).collect();
    let mut errors = Errors::default();
    for field in TEXTS {
        let text = &plain(form.raw(field));
        if let Some(name) = name_in(text, &known) {
            errors
                .add(field, format!("Name an office in place of \u{201c}{name}\u{201d}: papers name nobody"));
        } else if is_number_of_a_patient(text) {
            errors.add(field, "Leave out the number that may be an NHS number: papers name nobody");
        }
    }
    Ok(errors)
}

/// A name as it may stand in a text: without a title, and with what keyboards write.
fn plain(text: &str) -> String {
    let words = text.replace(['\u{2019}', '\u{2018}'], "'");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The name of a contact or a chair where it is a person's: of two words or more (one may be any word), and no office's, for a
/// contact may be a mailbox.
fn name_of_a_person(name: &str, offices: &[String]) -> Option<String> {
    const TITLES: [&str; 7] = ["dr", "mr", "mrs", "ms", "miss", "mx", "prof"];
    const OFFICES: [&str; 8] = ["team", "office", "service", "school", "unit", "hub", "safeguarding", "lead"];
    let name = plain(name);
    let mut words: Vec<&str> = name.split(' ').collect();
    let is_titled =
        words.first().is_some_and(|first| TITLES.contains(&first.to_lowercase().trim_end_matches('.')));
    // "Mr Field" is known by both words, "Dr Ann Lee" by the last two.
    if is_titled && words.len() > 2 {
        words.remove(0);
    }
    let lower = words.join(" ").to_lowercase();
    let is_office = offices.iter().any(|office| office.contains(&lower))
        || lower.split(' ').any(|word| OFFICES.contains(&word));
    (words.len() > 1 && !is_office).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persons_name_is_known_without_its_title_and_a_mailbox_is_nobody() {
        let offices = ["abbeymead primary school".to_owned(), "health visitor".to_owned()];
        let person = |name: &str| name_of_a_person(name, &offices);
        assert_eq!(person("Dr. Ann  Lee").as_deref(), Some("Ann Lee"));
        assert_eq!(person("Mary O\u{2019}Brien").as_deref(), Some("Mary O'Brien"));
        assert_eq!(person("Mr Field").as_deref(), Some("Mr Field"));
        for office in ["Safeguarding Team", "Abbeymead Primary", "Health Visitor", "Ann", ""] {
            assert_eq!(person(office), None, "{office}");
        }
    }
}
