//! One conference with its invitations, as rows of the attendance log.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::attendance::{Habits, necessity};
use super::directory::{CHAIRS, LOCALITIES, Need, Service, mailbox};
use super::families::Planned;
use crate::calendar::Calendar;
use crate::conferences::{ConferenceType, Mode, Status};
use crate::invitations::{AbsenceReason, Attendance, Delivery, Excused, Necessity, Report, Response, View};

/// Before the day: nothing has happened yet. After it: what the register says.
#[derive(Clone, Debug)]
struct Facts {
    attendance: Attendance,
    by_deputy: bool,
    joined_at: Option<NaiveTime>,
    left_at: Option<NaiveTime>,
    absence_reason: Option<AbsenceReason>,
    excused: Option<Excused>,
    view: Option<View>,
}

#[derive(Clone, Debug)]
struct Invited {
    service: Service,
    email: String,
    necessity: Necessity,
    invited_on: Option<NaiveDate>,
    delivery: Delivery,
    response: Response,
    report: Report,
    report_received_on: Option<NaiveDate>,
    facts: Facts,
}

/// A conference of the invented county.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Its day.
    pub date: NaiveDate,
    /// Working days after it on which its register reaches the file; `None`: nobody has filled it yet.
    pub recorded_after: Option<u32>,
    /// Working days after it on which an agency's correction reaches the file.
    pub corrected_after: Option<u32>,
    reference: String,
    starts: NaiveTime,
    decides: NaiveTime,
    planned: Planned,
    invited: Vec<Invited>,
}

impl Meeting {
    /// The rows of a register that was filled, in the order of [`crate::imports::LOG_COLUMNS`].
    pub fn rows(&self) -> Vec<Vec<String>> {
        self.invited.iter().map(|i| self.row(i, Some(&i.facts))).collect()
    }

    /// The day on which it is agreed on: at the conference before, or when the concern came.
    pub fn known_since(&self) -> NaiveDate {
        self.planned.known_since
    }

    /// The first row of a conference that was just agreed on: nobody is invited yet.
    pub fn announced(&self) -> Vec<String> {
        let first = &self.invited[0];
        let nothing = Invited {
            invited_on: None,
            delivery: Delivery::NotSent,
            response: Response::None,
            report: Report::None,
            report_received_on: None,
            ..first.clone()
        };
        self.row(&nothing, None)
    }

    /// The rows of a conference that is booked: invitations, and what was answered so far.
    pub fn booked(&self) -> Vec<Vec<String>> {
        self.invited.iter().map(|i| self.row(i, None)).collect()
    }

    /// The rows after the first agency that was put down as absent has shown that a deputy came.
    pub fn corrected(&self) -> Vec<Vec<String>> {
        let mut corrected = self.clone();
        let absent = corrected
            .invited
            .iter_mut()
            .find(|i| i.facts.attendance == Attendance::Absent && i.necessity != Necessity::InformationOnly);
        if let Some(invited) = absent {
            invited.facts = Facts {
                attendance: Attendance::Video,
                by_deputy: true,
                absence_reason: None,
                view: Some(View::Agree),
                ..invited.facts.clone()
            };
        }
        corrected.rows()
    }

    fn row(&self, invited: &Invited, facts: Option<&Facts>) -> Vec<String> {
        let p = &self.planned;
        let children: Vec<String> = p.children.iter().map(|n| format!("L{}{n}", 1000 + p.family)).collect();
        let (status, adjourned) = match (facts, p.adjourned) {
            (None, _) => (Status::Scheduled, None),
            (Some(_), Some(why)) => (Status::Adjourned, Some(why)),
            (Some(_), None) => (Status::Held, None),
        };
        let decided = p.decisions.iter().map(|d| d.code()).chain(std::iter::repeat("adjourned"));
        let decisions: Vec<String> = children.iter().zip(decided).map(|(c, d)| format!("{c}={d}")).collect();
        let day = |d: Option<NaiveDate>| d.map(|d| d.to_string()).unwrap_or_default();
        let time = |t: Option<NaiveTime>| t.map(|t| t.format("%H:%M").to_string()).unwrap_or_default();
        let fact = |text: fn(&Facts) -> String| facts.map(text).unwrap_or_default();
        vec![
            self.reference.clone(),
            self.date.to_string(),
            time(Some(self.starts)),
            time(facts.map(|_| self.decides)),
            p.kind.code().to_owned(),
            status.code().to_owned(),
            adjourned.map(|why| why.code().to_owned()).unwrap_or_default(),
            LOCALITIES[p.locality].to_owned(),
            p.mode.code().to_owned(),
            CHAIRS[p.chair].to_owned(),
            day(p.strategy_discussion),
            children.join(";"),
            p.category.code().to_owned(),
            invited.service.agency.to_owned(),
            invited.service.name.clone(),
            invited.service.role.to_owned(),
            invited.email.clone(),
            invited.necessity.code().to_owned(),
            day(invited.invited_on),
            invited.delivery.code().to_owned(),
            invited.response.code().to_owned(),
            fact(|f| f.attendance.code().to_owned()),
            fact(|f| if f.by_deputy { "yes" } else { "no" }.to_owned()),
            time(facts.and_then(|f| f.joined_at)),
            time(facts.and_then(|f| f.left_at)),
            invited.report.code().to_owned(),
            day(invited.report_received_on),
            fact(|f| f.absence_reason.map(|r| r.code().to_owned()).unwrap_or_default()),
            fact(|f| f.excused.map(|e| e.code().to_owned()).unwrap_or_default()),
            fact(|f| f.view.map(|v| v.code().to_owned()).unwrap_or_default()),
            if facts.is_some() { decisions.join(";") } else { String::new() },
        ]
    }
}

/// Fills in who was invited, who answered and who came.
pub(super) fn hold(
    number: usize,
    planned: Planned,
    slot: usize,
    habits: &Habits,
    today: NaiveDate,
    calendar: &Calendar,
    seed: u64,
) -> Meeting {
    let date = planned.date;
    let days = u64::from(date.to_epoch_days().unsigned_abs());
    let of_this =
        seed.wrapping_mul(7919).wrapping_add(planned.family).wrapping_mul(104_729).wrapping_add(days);
    let mut dice = ChaCha8Rng::seed_from_u64(of_this);
    let (hour, minute) = [(9, 30), (11, 30), (13, 30), (15, 30)][slot];
    let starts = NaiveTime::from_hms_opt(hour, minute, 0).expect("a time of the day");
    let decides = starts + TimeDelta::minutes(5 * dice.random_range(12..21));
    let since = calendar.working_days(date, today);
    let recorded_after = match dice.random_range(0..100) {
        _ if date >= today => None,
        // Of the last days a few registers are still open.
        0..12 if since <= 4 => None,
        // One of them is the chair's who signs in to the demonstration.
        _ if since <= 2 && planned.chair == 0 => None,
        0..86 => Some(0),
        86..96 => Some(1),
        _ => Some(dice.random_range(2..5)),
    };
    let recorded_after = recorded_after.filter(|after| *after == 0 || *after < since);
    let corrected_after =
        dice.random_bool(0.02).then_some(3).filter(|after| recorded_after.is_some() && *after < since);
    let mut schools = 0;
    let mut invited = Vec::with_capacity(planned.needs.len());
    for need in &planned.needs {
        schools += usize::from(matches!(need, Need::School(_)));
        let service = need.service(planned.locality);
        // Two siblings at one school share an invitation.
        if invited.iter().any(|i: &Invited| i.service == service) {
            continue;
        }
        let necessity = necessity(*need, planned.kind, schools < 2);
        let chances = habits.of_service(*need, &planned);
        invited.push(invite(
            &planned,
            service,
            necessity,
            chances,
            (starts, decides),
            (today, since),
            calendar,
            &mut dice,
        ));
    }
    let reference = format!("LCP-{}-{:05}", date.format("%Y"), number + 1);
    Meeting { date, recorded_after, corrected_after, reference, starts, decides, planned, invited }
}

#[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
fn invite(
    planned: &Planned,
    service: Service,
    necessity: Necessity,
    (comes, reports): (f64, f64),
    (starts, decides): (NaiveTime, NaiveTime),
    (today, since): (NaiveDate, u32),
    calendar: &Calendar,
    dice: &mut ChaCha8Rng,
) -> Invited {
    let initial = planned.kind.is_initial() || planned.kind == ConferenceType::Reconvened;
    let social_care = service.agency == "CSC";
    let notice = match (dice.random_bool(0.93), initial) {
        (true, true) => dice.random_range(5..12),
        (true, false) => dice.random_range(10..25),
        (false, true) => dice.random_range(1..5),
        (false, false) => dice.random_range(3..10),
    };
    let mut on = planned.date;
    for _ in 0..notice {
        on = calendar.previous_working_day(on);
    }
    on = on.max(planned.known_since);
    let delivery = match dice.random_range(0..1000) {
        _ if social_care => Delivery::Sent,
        0..12 => Delivery::Bounced,
        12..20 => Delivery::NotSent,
        _ => Delivery::Sent,
    };
    // What lies ahead of today has not happened: neither the invitation nor its answer.
    let asked = delivery != Delivery::NotSent && on <= today;
    let delivery = if asked { delivery } else { Delivery::NotSent };
    let reached = delivery == Delivery::Sent;
    let wanted = necessity != Necessity::InformationOnly;
    // Who was not asked, or too late, comes less: that is the point of asking in time.
    let comes = match (delivery, notice) {
        (Delivery::Sent, 0..3) => comes * 0.7,
        (Delivery::Sent, _) => comes,
        _ => comes * 0.25,
    };
    let present = dice.random_bool(if wanted { comes } else { comes * 0.3 });
    let by_deputy = present && !social_care && dice.random_bool(0.07);
    let response = match dice.random_range(0..100) {
        _ if !reached => Response::None,
        0..78 if present => {
            if by_deputy {
                Response::Deputy
            } else {
                Response::Accepted
            }
        }
        0..12 => Response::Accepted,
        12..58 if !present => Response::Apologies,
        _ => Response::None,
    };
    let attendance = match (present, planned.mode, dice.random_range(0..10)) {
        (false, ..) => Attendance::Absent,
        (_, Mode::Room, 0) | (_, Mode::Hybrid, 0) => Attendance::Phone,
        (_, Mode::Room, _) | (_, Mode::Hybrid, 1..5) => Attendance::InPerson,
        _ => Attendance::Video,
    };
    let late = present && !social_care && dice.random_bool(0.04);
    let leaves = present && !late && !social_care && dice.random_bool(0.03);
    let given = response == Response::Apologies || dice.random_bool(0.15);
    let absence_reason = (!present).then(|| match dice.random_range(0..100) {
        // What somebody has to settle is of the last days only: older ones have been.
        0..3 if reached && since <= 5 => AbsenceReason::WrongContact,
        0..4 => AbsenceReason::JoiningFailed,
        _ if !given => AbsenceReason::NoneGiven,
        4..34 => AbsenceReason::Clash,
        34..58 => AbsenceReason::ClinicOrTeaching,
        58..76 => AbsenceReason::LeaveOrSickness,
        76..86 => AbsenceReason::Shift,
        _ => AbsenceReason::NoCapacity,
    });
    let before = |days: u32, dice: &mut ChaCha8Rng| {
        let mut day = planned.date;
        for _ in 0..dice.random_range(days..days + 4) {
            day = calendar.previous_working_day(day);
        }
        day
    };
    let (report, received) = match dice.random_range(0..100) {
        _ if !dice.random_bool(reports) || !reached => (Report::None, None),
        0..78 => (Report::OnTime, Some(before(2, dice))),
        78..88 => (Report::Late, Some(calendar.previous_working_day(planned.date))),
        88..94 => (Report::Tabled, Some(planned.date)),
        _ => (Report::NilReturn, Some(before(2, dice))),
    };
    // A report comes after its invitation, and not after today.
    let (report, report_received_on) = match received {
        Some(day) if day < on || day > today => (Report::None, None),
        received => (report, received),
    };
    let view = match dice.random_range(0..100) {
        _ if !present && report == Report::None => None,
        50.. if !present => None,
        0..86 => Some(View::Agree),
        86..94 => Some(View::Disagree),
        94..97 => Some(View::Abstain),
        _ => Some(View::NotAsked),
    };
    let excused = (!social_care && !present && dice.random_bool(0.012)).then_some(Excused::NoLongerInvolved);
    Invited {
        email: mailbox(&service),
        necessity,
        invited_on: asked.then_some(on),
        delivery,
        response,
        report,
        report_received_on,
        facts: Facts {
            attendance,
            by_deputy,
            joined_at: late.then(|| starts + TimeDelta::minutes(dice.random_range(5..40))),
            left_at: leaves.then(|| decides - TimeDelta::minutes(dice.random_range(1..20))),
            absence_reason,
            excused,
            view,
        },
        service,
    }
}
