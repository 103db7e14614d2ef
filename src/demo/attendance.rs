//! How the invented county's services take part: habits that differ by service, drift over the year,
//! and stay the same around a family.

use chrono::{Datelike, NaiveDate};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::directory::Need;
use super::families::Planned;
use crate::conferences::ConferenceType;
use crate::invitations::Necessity;

/// How likely a service comes, and how likely it sends a report, by its kind.
const fn usual(need: Need, kind: ConferenceType) -> (f64, f64) {
    match need {
        Need::SocialCare => (0.995, 0.97),
        Need::HealthVisitor => (0.83, 0.88),
        Need::SchoolNurse => (0.66, 0.7),
        Need::School(_) => (0.87, 0.84),
        Need::Nursery(_) => (0.74, 0.66),
        Need::Surgery(_) => (0.13, 0.61),
        Need::Police if kind.is_initial() => (0.86, 0.95),
        Need::Police => (0.41, 0.9),
        Need::Midwife => (0.88, 0.9),
        Need::Camhs => (0.6, 0.62),
        Need::AdultMentalHealth => (0.46, 0.52),
        Need::DomesticAbuse => (0.79, 0.66),
        Need::SubstanceMisuse => (0.6, 0.6),
        Need::Housing => (0.5, 0.36),
        Need::Probation => (0.66, 0.66),
        Need::YouthJustice => (0.78, 0.74),
        Need::Hospital => (0.55, 0.72),
        Need::AdultSocialCare => (0.58, 0.5),
        Need::Charity => (0.8, 0.48),
    }
}

/// How much a service matters to a conference.
pub(super) fn necessity(need: Need, kind: ConferenceType, first_school: bool) -> Necessity {
    match need {
        Need::SocialCare | Need::HealthVisitor => Necessity::Core,
        // The midwife's part ends with the birth.
        Need::Midwife if kind == ConferenceType::PreBirth => Necessity::Core,
        Need::Midwife => Necessity::InformationOnly,
        Need::School(_) if first_school => Necessity::Core,
        Need::Police if kind.is_initial() => Necessity::Core,
        Need::Police => Necessity::InformationOnly,
        _ => Necessity::Expected,
    }
}

/// The year as it went: what drifted from when to when.
pub(super) struct Habits {
    seed: u64,
    first: NaiveDate,
    today: NaiveDate,
}

impl Habits {
    pub(super) fn of(seed: u64, first: NaiveDate, today: NaiveDate) -> Self {
        Self { seed, first, today }
    }

    /// How likely this service comes to this conference, and sends a report.
    pub(super) fn of_service(&self, need: Need, conference: &Planned) -> (f64, f64) {
        let (mut comes, mut reports) = usual(need, conference.kind);
        // Every service has habits of its own, and every family services that care more or less.
        let own = self.throw(&format!("{need:?}{}", conference.locality));
        let family = self.throw(&format!("{need:?}{}", conference.family));
        comes = shifted(comes, (own - 0.5) * 1.0 + (family - 0.5) * 1.2);
        reports = shifted(reports, (own - 0.5) * 0.8);
        let year = f64::from((self.today - self.first).num_days().max(1) as i32);
        let gone = f64::from((conference.date - self.first).num_days() as i32) / year;
        match need {
            // A team that loses staff in the last third of the time.
            Need::Camhs if conference.locality == 0 && gone > 0.66 => comes *= 0.45,
            // A service that was spoken to half-way.
            Need::Housing if gone > 0.5 => comes = shifted(comes, 1.0),
            Need::School(_) if is_school_holiday(conference.date) => {
                (comes, reports) = (comes * 0.45, reports * 0.8)
            }
            _ => {}
        }
        (comes.clamp(0.01, 0.995), reports.clamp(0.01, 0.99))
    }

    fn throw(&self, what: &str) -> f64 {
        let sum = what.bytes().fold(self.seed, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
        ChaCha8Rng::seed_from_u64(sum).random()
    }
}

/// A probability moved along the log-odds, so that it stays one.
fn shifted(p: f64, by: f64) -> f64 {
    let odds = (p / (1.0 - p)) * by.exp();
    odds / (1.0 + odds)
}

/// Roughly: schools are shut in August, at Christmas, and for a fortnight at Easter.
fn is_school_holiday(day: NaiveDate) -> bool {
    match (day.month(), day.day()) {
        (8, _) | (7, 24..) | (12, 21..) | (1, ..=3) => true,
        (4, day) => day <= 12,
        _ => false,
    }
}
