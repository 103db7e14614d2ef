//! Whoever reads the paper reads its actions, and no figure and no action names a practitioner (DOMAIN 8).

use sea_orm::{ConnectionTrait, DbErr};

use crate::agencies::store::contacts;
use crate::conferences;
use crate::register::identifying::{is_number_of_a_patient, name_in};
use crate::web::{Errors, Fields};

/// The fields of an action and of its reviews that hold free text.
const TEXTS: [&str; 6] = ["objective", "action", "input", "desired_outcome", "lead", "words"];

/// What a form says that would name somebody: a contact or a chair whom this place knows, or an NHS number. Its fields stay
/// as they are typed.
pub async fn naming(db: &impl ConnectionTrait, form: &Fields) -> Result<Errors, DbErr> {
    let contacts = contacts(db).await?.into_iter().map(|contact| contact.name);
    let chairs = conferences::store::chairs(db).await?.into_iter().map(|chair| chair.name);
    // One word alone may be any word.
    let known: Vec<String> = contacts.chain(chairs).filter(|name| name.trim().contains(' ')).collect();
    let mut errors = Errors::default();
    for field in TEXTS {
        let text = form.raw(field);
        if let Some(name) = name_in(text, &known) {
            errors
                .add(field, format!("Name an office in place of \u{201c}{name}\u{201d}: papers name nobody"));
        } else if is_number_of_a_patient(text) {
            errors.add(field, "Leave out the number that may be an NHS number: papers name nobody");
        }
    }
    Ok(errors)
}
