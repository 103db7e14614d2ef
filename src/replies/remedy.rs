//! What the register should say where a dispute is upheld (DOMAIN 7): by its ground, the facts of the invitation that
//! change. The standing, the fault and the figures follow from them as from any other facts.

use chrono::NaiveDate;

use super::Ground;
use crate::conferences::ConferenceType;
use crate::invitations::entity::invitation;
use crate::invitations::{Attendance, Delivery, Excused, Fault, notice, report_timing};
use crate::register::Policies;

/// What of a remedy only a person knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// How it took part.
    pub attendance: Option<Attendance>,
    /// The day on which it was invited, or on which its report came.
    pub day: Option<NaiveDate>,
}

/// What has to be given for a ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    Nothing,
    Attendance,
    InvitedOn,
    ReceivedOn,
}

impl Ground {
    /// What a person has to say for it to be upheld.
    pub const fn asks(self) -> Asks {
        match self {
            Self::NotInvited | Self::Cancelled | Self::WrongContact | Self::NotInvolved => Asks::Nothing,
            Self::LateNotice => Asks::InvitedOn,
            Self::WeAttended | Self::DeputyAttended => Asks::Attendance,
            Self::ReportSent => Asks::ReceivedOn,
        }
    }
}

/// Why a dispute cannot be upheld as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRemedied {
    /// What is asked for this ground was not given.
    Missing,
    /// With this day there were so many working days of notice, of so many that are owed: it was not late.
    NotLate { had: u32, owed: u32 },
}

/// The invitation as it should be recorded.
pub fn remedied(
    ground: Ground,
    given: Given,
    row: &invitation::Model,
    (kind, conference_date): (ConferenceType, NaiveDate),
    policies: &Policies,
) -> Result<invitation::Model, NotRemedied> {
    let mut row = row.clone();
    let missing = NotRemedied::Missing;
    match ground {
        Ground::NotInvited => (row.invited_on, row.delivery) = (None, Delivery::NotSent),
        // Whoever was told that it was off had no invitation that stood.
        Ground::Cancelled => row.delivery = Delivery::NotSent,
        // One that never went, or came back, is our fault already, and stays it.
        Ground::WrongContact if row.delivery == Delivery::Sent => row.delivery = Delivery::Bounced,
        Ground::WrongContact => {}
        Ground::LateNotice => {
            let day = given.day.ok_or(missing)?;
            let had = notice(day, conference_date, &policies.calendar);
            let owed = policies.minimum_notice.for_type(kind);
            if had >= owed {
                return Err(NotRemedied::NotLate { had, owed });
            }
            row.invited_on = Some(day);
        }
        Ground::WeAttended | Ground::DeputyAttended => {
            let there = given.attendance.filter(|how| *how != Attendance::Absent);
            row.attendance = Some(there.ok_or(missing)?);
            row.by_deputy = ground == Ground::DeputyAttended;
            (row.joined_at, row.left_at, row.absence_reason) = (None, None, None);
        }
        Ground::ReportSent => {
            let day = given.day.ok_or(missing)?;
            let on_time = policies.report_on_time_working_days;
            let timing = report_timing(day, conference_date, on_time, &policies.calendar);
            (row.report, row.report_received_on) = (timing.ok_or(missing)?, Some(day));
        }
        Ground::NotInvolved => row.excused = Some(Excused::NoLongerInvolved),
    }
    Ok(row)
}

/// Whether the register says already what the dispute says. `fault`: of the invitation as it is recorded.
pub fn is_remedied(ground: Ground, row: &invitation::Model, fault: Option<Fault>) -> bool {
    let there = row.facts().was_there();
    match ground {
        Ground::NotInvited | Ground::LateNotice | Ground::WrongContact | Ground::Cancelled => fault.is_some(),
        Ground::WeAttended => there && !row.by_deputy,
        Ground::DeputyAttended => there && row.by_deputy,
        Ground::ReportSent => row.report.was_received(),
        Ground::NotInvolved => row.excused.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agencies::ServiceId;
    use crate::calendar::Calendar;
    use crate::conferences::ConferenceId;
    use crate::invitations::{MinimumNotice, Necessity};
    use crate::register::{Standing, standing};

    fn policies() -> Policies {
        Policies {
            calendar: Calendar::with_changes([]),
            minimum_notice: MinimumNotice { initial: 5, review: 10, reconvened: 3 },
            report_on_time_working_days: 2,
            quorum: vec![],
        }
    }

    fn silent() -> invitation::Model {
        invitation::Model {
            invited_on: Some("2026-09-01".parse().unwrap()),
            delivery: Delivery::Sent,
            attendance: Some(Attendance::Absent),
            ..invitation::Model::new(ConferenceId::new(), ServiceId::new(), "r".into(), Necessity::Core)
        }
    }

    #[test]
    fn each_ground_changes_the_facts_from_which_the_agency_is_right() {
        let date: NaiveDate = "2026-09-30".parse().unwrap();
        let decided = Some("2026-09-30T14:00:00Z".parse().unwrap());
        let policies = policies();
        let silent = silent();
        let phone = Given { attendance: Some(Attendance::Phone), day: None };
        let on = |day: &str| Given { attendance: None, day: Some(day.parse().unwrap()) };
        for (ground, given, wanted, fault) in [
            (Ground::NotInvited, Given::default(), Standing::Silent, Some(Fault::NotInvited)),
            (Ground::Cancelled, Given::default(), Standing::Silent, Some(Fault::NotInvited)),
            (Ground::WrongContact, Given::default(), Standing::Silent, Some(Fault::Undelivered)),
            (Ground::LateNotice, on("2026-09-28"), Standing::Silent, Some(Fault::Late)),
            (Ground::WeAttended, phone, Standing::Attended, None),
            (Ground::DeputyAttended, phone, Standing::Deputised, None),
            (Ground::ReportSent, on("2026-09-25"), Standing::Contributed, None),
            (Ground::NotInvolved, Given::default(), Standing::Excused, None),
        ] {
            let of = (ConferenceType::Review, date);
            let row = remedied(ground, given, &silent, of, &policies).expect("everything is given");
            let facts = row.facts();
            assert_eq!(standing(&facts, decided), wanted, "{ground:?}");
            let minimum = policies.minimum_notice;
            assert_eq!(
                facts.fault(ConferenceType::Review, date, minimum, &policies.calendar),
                fault,
                "{ground:?}"
            );
            assert!(is_remedied(ground, &row, fault) && !is_remedied(ground, &silent, None), "{ground:?}");
            if ground.asks() != Asks::Nothing {
                let nothing = remedied(ground, Given::default(), &silent, of, &policies);
                assert_eq!(nothing, Err(NotRemedied::Missing), "{ground:?}");
            }
        }
    }

    #[test]
    fn what_would_blame_the_agency_again_is_not_upheld_and_no_fault_of_ours_is_taken_away() {
        let date: NaiveDate = "2026-09-30".parse().unwrap();
        let policies = policies();
        let silent = silent();
        let on = |day: &str| Given { attendance: None, day: Some(day.parse().unwrap()) };
        let of = (ConferenceType::Review, date);
        let refused = |ground, given| remedied(ground, given, &silent, of, &policies);
        let early = refused(Ground::LateNotice, on("2026-09-16"));
        assert_eq!(early, Err(NotRemedied::NotLate { had: 10, owed: 10 }));
        let after = refused(Ground::ReportSent, on("2026-10-01"));
        assert_eq!(after, Err(NotRemedied::Missing), "nobody there read it");
        let absent = Given { attendance: Some(Attendance::Absent), day: None };
        assert_eq!(refused(Ground::WeAttended, absent), Err(NotRemedied::Missing));
        for delivery in [Delivery::Bounced, Delivery::NotSent] {
            let faulted = invitation::Model { delivery, ..silent.clone() };
            for (ground, given) in
                [(Ground::LateNotice, on("2026-09-28")), (Ground::WrongContact, Given::default())]
            {
                let row = remedied(ground, given, &faulted, of, &policies).unwrap();
                assert_eq!(row.delivery, delivery, "{ground:?}");
            }
        }
    }
}
