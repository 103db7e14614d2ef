//! A reply as it is written: read from its form, with what is wrong at each field.

use serde::{Deserialize, Serialize};

use super::{Ground, ReplyKind};
use crate::invitations::AbsenceReason;
use crate::mail::{Domains, Trust, is_address};
use crate::web::{Errors, Fields, one_line, visible};

/// Reasons that an agency may give: its own, and nobody's. Where the fault is ours it disputes.
pub const REASONS: &[AbsenceReason] = &[
    AbsenceReason::Clash,
    AbsenceReason::ClinicOrTeaching,
    AbsenceReason::LeaveOrSickness,
    AbsenceReason::Shift,
    AbsenceReason::NoCapacity,
    AbsenceReason::CaseClosed,
    AbsenceReason::NotKnownToService,
    AbsenceReason::SchoolHoliday,
    AbsenceReason::JoiningFailed,
    AbsenceReason::Other,
];

/// Characters of a text, and of a name.
pub const TEXT_LIMIT: usize = 1000;
const NAME_LIMIT: usize = 120;

/// A contact that an agency names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nominee {
    pub name: String,
    pub role: String,
    pub email: String,
    pub telephone: String,
    /// In place of the address that the letter went to.
    pub in_place: bool,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Acknowledged,
    Explained { reason: AbsenceReason, words: String, prevention: String },
    Nominated(Nominee),
    Disputed { ground: Ground, words: String },
}

impl Said {
    pub fn kind(&self) -> ReplyKind {
        match self {
            Self::Acknowledged => ReplyKind::Acknowledged,
            Self::Explained { .. } => ReplyKind::Explained,
            Self::Nominated(_) => ReplyKind::Nominated,
            Self::Disputed { .. } => ReplyKind::Disputed,
        }
    }

    /// Its free texts.
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Acknowledged => Vec::new(),
            Self::Nominated(nominee) => vec![&nominee.name, &nominee.role],
            Self::Explained { words, prevention, .. } => vec![words, prevention],
            Self::Disputed { words, .. } => vec![words],
        }
    }
}

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// "Ann Smith, team lead", as they say.
    pub who: String,
    pub said: Said,
}

impl Reply {
    /// Everything in it that was written freely.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.said.texts().into_iter().chain([self.who.as_str()])
    }

    /// Reads `say`, its own fields, `name`, `role`.
    pub fn read(form: &Fields, domains: &Domains, errors: &mut Errors) -> Option<Self> {
        let said = match form.text("say").parse() {
            Err(_) => {
                errors.add("say", "Choose what you want to tell us");
                None
            }
            Ok(ReplyKind::Acknowledged) => Some(Said::Acknowledged),
            Ok(ReplyKind::Explained) => explained(form, errors),
            Ok(ReplyKind::Nominated) => nominee(form, domains, errors).map(Said::Nominated),
            Ok(ReplyKind::Disputed) => disputed(form, errors),
        };
        let name = line(form, "name", "Enter your name", errors);
        let role = line(form, "role", "Enter your role", errors);
        errors.is_empty().then_some(())?;
        Some(Self { who: format!("{name}, {role}"), said: said? })
    }
}

fn line(form: &Fields, field: &'static str, wanted: &str, errors: &mut Errors) -> String {
    let text = one_line(form.text(field));
    if text.is_empty() && !wanted.is_empty() {
        errors.add(field, wanted);
    }
    if text.chars().count() > NAME_LIMIT {
        errors.add(field, format!("Shorten this to {NAME_LIMIT} characters"));
    }
    text
}

fn text(form: &Fields, field: &'static str, errors: &mut Errors) -> String {
    let text = visible(form.text(field)).replace("\r\n", "\n");
    let over = text.chars().count().saturating_sub(TEXT_LIMIT);
    if over > 0 {
        errors.add(field, format!("Shorten this by {over} characters, to {TEXT_LIMIT}"));
    }
    text
}

fn explained(form: &Fields, errors: &mut Errors) -> Option<Said> {
    let reason = form.text("reason").parse::<AbsenceReason>().ok().filter(|r| REASONS.contains(r));
    if reason.is_none() {
        errors.add("reason", "Choose what kept your service away");
    }
    let words = text(form, "words", errors);
    if reason == Some(AbsenceReason::Other) && words.is_empty() {
        errors.add("words", "Say in a few words what it was");
    }
    Some(Said::Explained { reason: reason?, words, prevention: text(form, "prevention", errors) })
}

fn disputed(form: &Fields, errors: &mut Errors) -> Option<Said> {
    let ground = form.text("ground").parse::<Ground>().ok();
    if ground.is_none() {
        errors.add("ground", "Choose what is wrong");
    }
    let words = text(form, "dispute", errors);
    if words.is_empty() {
        errors.add("dispute", "Say what we can check: who was there, when, what was sent, to whom");
    }
    Some(Said::Disputed { ground: ground?, words })
}

fn nominee(form: &Fields, domains: &Domains, errors: &mut Errors) -> Option<Nominee> {
    let email = form.text("nominee_email").to_lowercase();
    if !is_address(&email) {
        errors.add("nominee_email", "Enter a mail address, as in duty.team@example.nhs.uk");
    } else if domains.trust(&email) == Trust::Blocked {
        errors.add("nominee_email", "Enter an address at work: we do not write to personal mailboxes");
    }
    Some(Nominee {
        name: line(form, "nominee_name", "", errors),
        role: line(form, "nominee_role", "Enter the role that is invited, as in Health visitor", errors),
        email,
        telephone: line(form, "nominee_telephone", "", errors),
        in_place: form.text("nominee_in_place") == "yes",
    })
}
