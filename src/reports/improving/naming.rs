//! Whoever reads the paper reads its actions, and no figure and no action names a practitioner (DOMAIN 8).

use sea_orm::{ConnectionTrait, DbErr};

use crate::agencies::store::{contacts, directory};
use crate::conferences;
use crate::register::identifying::{TITLES, is_number_of_a_patient, name_in};
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
    let known: Vec<String> = names.flat_map(|name| names_of_a_person(&name, &offices)).collect();
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

/// A text as names are looked for in it: with what keyboards write, and "Dr." as "Dr".
fn plain(text: &str) -> String {
    let words = text.replace(['\u{2019}', '\u{2018}'], "'");
    words.split_whitespace().map(|word| word.trim_end_matches('.')).collect::<Vec<_>>().join(" ")
}

/// By what a contact or a chair is known where that is a person: of two words or more (one may be any word), and no office, for
/// a contact may be a mailbox.
fn names_of_a_person(name: &str, offices: &[String]) -> Vec<String> {
    const OFFICES: [&str; 8] = ["team", "office", "service", "school", "unit", "hub", "safeguarding", "lead"];
    let name = plain(name);
    let words: Vec<&str> = name.split(' ').collect();
    let known = match words.as_slice() {
        [] | [_] => return Vec::new(),
        // "Dr Ann Lee" is known as "Ann Lee" and as "Dr Lee", "Mr Field" by both words alone.
        [title, rest @ .., last] if !rest.is_empty() && TITLES.contains(&title.to_lowercase().as_str()) => {
            vec![words[1..].join(" "), format!("{title} {last}")]
        }
        _ => vec![name.clone()],
    };
    let lower = known[0].to_lowercase();
    let is_office = offices.iter().any(|office| office.contains(&lower))
        || lower.split(' ').any(|word| OFFICES.contains(&word));
    if is_office { Vec::new() } else { known }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_known_with_a_title_and_without_and_a_mailbox_is_nobody() {
        let offices = ["abbeymead primary school".to_owned(), "health visitor".to_owned()];
        let is_named =
            |name: &str, text: &str| name_in(&plain(text), &names_of_a_person(name, &offices)).is_some();
        for (name, text) in [
            ("Dr. Ann  Lee", "Ask Ann Lee."),
            ("Dr Ann Lee", "Ask Dr Lee"),
            ("Dr Ann Lee", "Ask Dr. Lee"),
            ("DS Ann Lee", "Ann Lee, by July"),
            ("Dr. Patel", "Lead: Dr Patel"),
            ("Dr Patel", "Lead: Dr. Patel"),
            ("Mary O\u{2019}Brien", "with Mary O'Brien"),
            ("Mr Field", "mr field leads"),
        ] {
            assert!(is_named(name, text), "{name}: {text}");
        }
        assert!(!is_named("Mr Field", "a field visit"));
        for office in ["Safeguarding Team", "Abbeymead Primary", "Health Visitor", "Ann", ""] {
            assert!(!is_named(office, &format!("Ask {office}")), "{office}");
        }
    }
}
