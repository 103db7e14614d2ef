//! The parts into which a month is split (DOMAIN 8), each one function from an invitation to the part that it is in. The paper
//! and the pages behind it read the same.

use std::borrow::Cow;

use chrono::{Datelike, Timelike};

use super::measures::{Entry, is_neglect};
use super::store::{Case, MonthData};
use crate::calendar::{Breaks, london};
use crate::conferences::ConferenceType;
use crate::platform::codes::codes;

codes! {
    /// A way of splitting a month.
    pub enum Split {
        Group = "group", "agency group";
        Agency = "agency", "agency";
        Service = "service", "service";
        Locality = "locality", "locality";
        Stage = "stage", "initial or review";
        Type = "type", "type";
        Mode = "mode", "how it met";
        Slot = "slot", "weekday and time";
        Holiday = "holiday", "school holidays";
        Lens = "lens", "lens";
    }
}

fn stage(kind: ConferenceType) -> &'static str {
    match (kind.is_initial(), kind.is_review()) {
        (true, _) => "initial",
        (_, true) => "review",
        _ => "other",
    }
}

impl Split {
    /// The part in which an invitation is, by its code.
    pub fn part<'a>(self, e: &Entry<'_>, data: &'a MonthData, holidays: &Breaks) -> Cow<'a, str> {
        if let Some(part) = self.of_conference(e.case, holidays) {
            return part;
        }
        match self {
            Self::Group => e.facts.group.code().into(),
            Self::Service => e.row.service_id.to_string().into(),
            _ => Cow::Borrowed(&data.directory.agencies[&e.facts.agency].code),
        }
    }

    /// The part in which a whole conference is; `None` where its invitations are in several.
    pub fn of_conference(self, case: &Case, holidays: &Breaks) -> Option<Cow<'static, str>> {
        let c = &case.record.conference;
        Some(Cow::Borrowed(match self {
            Self::Group | Self::Agency | Self::Service => return None,
            Self::Locality => c.locality.code(),
            Self::Stage => stage(case.facts.kind),
            Self::Type => case.facts.kind.code(),
            Self::Mode => c.mode.code(),
            // "1-morning": the weekday, Monday first, and whether it began before noon.
            Self::Slot => {
                let begins = if london::local(c.starts_at).hour() < 12 { "morning" } else { "afternoon" };
                return Some(format!("{}-{begins}", c.conference_date.weekday().number_from_monday()).into());
            }
            Self::Holiday if holidays.contain(case.facts.date) => "school_holiday",
            Self::Holiday => "school_term",
            Self::Lens if is_neglect(case) => "neglect",
            Self::Lens => "other",
        }))
    }
}
