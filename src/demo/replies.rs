//! What the county's agencies reply to their letters: about one in two, some that the record is wrong.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::invitations::{AbsenceReason, Attendance};
use crate::replies::remedy::{Asks, Given};
use crate::replies::{Ground, Reply, Said};

const WHO: [&str; 6] = [
    "Wren Pike, team lead",
    "Ash Marlow, named nurse",
    "Linden Shaw, deputy head",
    "Bryn Hollis, practice manager",
    "Maple Ferris, duty manager",
    "Sage Orton, safeguarding adviser",
];

const HAPPENED: [(AbsenceReason, &str, &str); 5] = [
    (
        AbsenceReason::Clash,
        "Two conferences at the same hour.",
        "A colleague holds the team's diary for conferences now.",
    ),
    (AbsenceReason::ClinicOrTeaching, "A clinic could not be moved.", "Wednesday afternoons are kept free."),
    (
        AbsenceReason::LeaveOrSickness,
        "Sickness on the day, and nobody read the mailbox.",
        "The mailbox is read by two of us.",
    ),
    (AbsenceReason::NoCapacity, "Two posts are vacant.", ""),
    (AbsenceReason::JoiningFailed, "The link did not open on our network.", "We ring in when it does not."),
];

const WRONG: [(Ground, &str); 5] = [
    (
        Ground::WeAttended,
        "Our colleague was on the call from the start; the host admitted her from the waiting room.",
    ),
    (Ground::ReportSent, "The report went by the secure route three days before."),
    (Ground::LateNotice, "The message came two days before."),
    (Ground::WrongContact, "The address is of a colleague who left in the spring."),
    (Ground::NotInvolved, "We closed our involvement, and told the social worker."),
];

/// What a QA manager answers where the record stands.
pub const STANDS: &str =
    "The host's list and the mail server's record say otherwise. Please ring us if you have something else.";

/// What an agency replies to a letter that asks, and after how many working days; `None`: nothing.
pub fn reply(dice: &mut ChaCha8Rng) -> Option<(u32, Reply)> {
    let said = match dice.random_range(0..100) {
        0..8 => Said::Acknowledged,
        8..42 => {
            let (reason, words, prevention) = HAPPENED.choose(dice)?;
            Said::Explained {
                reason: *reason,
                words: (*words).to_owned(),
                prevention: (*prevention).to_owned(),
            }
        }
        42..48 => {
            let (ground, words) = WRONG.choose(dice)?;
            Said::Disputed { ground: *ground, words: (*words).to_owned() }
        }
        _ => return None,
    };
    let who = WHO.choose(dice)?;
    Some((dice.random_range(0..7), Reply { who: (*who).to_owned(), said }))
}

/// How a QA manager settles a dispute of this ground: what is given where it is upheld, or the answer where it is not.
pub fn settled(
    dice: &mut ChaCha8Rng,
    ground: Ground,
    conference_date: chrono::NaiveDate,
) -> Result<Given, &'static str> {
    if dice.random_bool(0.4) {
        return Err(STANDS);
    }
    let before = |days: u64| Some(conference_date - chrono::Days::new(days));
    Ok(match ground.asks() {
        Asks::Nothing => Given::default(),
        Asks::Attendance => Given { attendance: Some(Attendance::Video), day: None },
        Asks::InvitedOn => Given { attendance: None, day: before(2) },
        Asks::ReceivedOn => Given { attendance: None, day: before(5) },
    })
}
