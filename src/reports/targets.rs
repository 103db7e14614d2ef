//! Targets (DOMAIN 8): what a partnership has agreed on for an agency group or a role, by measure, with dates of effect.

use std::path::Path;

use chrono::NaiveDate;
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::{Deserialize, Serialize};

use super::Rate;
use crate::agencies::AgencyGroup;

const BUILT_IN: &str = include_str!("../../config/targets.toml");

/// The measures that a target can be for: shares of the invitations that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum TargetMeasure {
    /// Attendance.
    M1,
    /// Representation.
    M2,
    /// Contribution.
    M3,
}

/// One target.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Whose.
    pub group: AgencyGroup,
    /// Of this role alone.
    #[serde(default)]
    pub role: Option<String>,
    /// Of what.
    pub measure: TargetMeasure,
    /// At least so many of a hundred.
    pub percent: u32,
    /// From this day on.
    pub valid_from: NaiveDate,
    /// Until this day.
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
}

impl Target {
    /// Whether it is this group's, and in force.
    fn holds(&self, group: AgencyGroup, day: NaiveDate) -> bool {
        self.group == group && self.valid_from <= day && self.valid_to.is_none_or(|to| day <= to)
    }

    /// Whether a rate meets it. Of nothing nothing can be said.
    pub fn is_met(&self, rate: Rate) -> Option<bool> {
        let (n, of) = (u64::from(rate.numerator), u64::from(rate.denominator));
        (of > 0).then(|| n * 100 >= u64::from(self.percent) * of)
    }
}

/// Every target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets(Vec<Target>);

/// Targets that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("reports.targets_file {file}: {why}")]
pub struct TargetsError {
    file: String,
    why: String,
}

impl Targets {
    /// Those of a file, or none where none is named.
    pub fn read(file: &Path) -> Result<Self, TargetsError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Read {
            target: Vec<Target>,
        }
        let figment = match file.as_os_str().is_empty() {
            true => Figment::from(Toml::string(BUILT_IN)),
            false => Figment::from(Toml::file_exact(file)),
        };
        let wrong = |why: String| TargetsError { file: file.display().to_string(), why };
        let targets = figment.extract::<Read>().map_err(|e| wrong(e.to_string()))?.target;
        if let Some(target) = targets.iter().find(|t| t.percent > 100) {
            return Err(wrong(format!("{} is more than 100 percent", target.percent)));
        }
        if let Some(target) = targets.iter().find(|t| t.valid_to.is_some_and(|to| to < t.valid_from)) {
            return Err(wrong(format!("a target ends before it begins, on {}", target.valid_from)));
        }
        Ok(Self(targets))
    }

    /// The target for a role of a group on a day: one for the role before one for all of the group, the newest first.
    pub fn of(&self, group: AgencyGroup, role: &str, day: NaiveDate) -> Option<&Target> {
        let is_its = |t: &&Target| {
            t.holds(group, day) && t.role.as_ref().is_none_or(|r| r.trim().eq_ignore_ascii_case(role.trim()))
        };
        self.0.iter().filter(is_its).max_by_key(|t| (t.role.is_some(), t.valid_from))
    }

    /// The target for all of a group, of a measure, on a day: the newest.
    pub fn of_group(&self, group: AgencyGroup, measure: TargetMeasure, day: NaiveDate) -> Option<&Target> {
        let of_all = self.0.iter().filter(|t| t.role.is_none() && t.measure == measure);
        of_all.filter(|t| t.holds(group, day)).max_by_key(|t| t.valid_from)
    }

    /// Whether there is any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Invitations that count, at least, in three months for anything to be said of them.
const AT_LEAST: u32 = 5;

/// Whether a service is back above its target: met in the three months that ended last, and not in the three before.
pub fn is_back(target: &Target, before: Rate, since: Rate) -> bool {
    let enough = before.denominator >= AT_LEAST && since.denominator >= AT_LEAST;
    enough && target.is_met(before) == Some(false) && target.is_met(since) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Targets, TargetsError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("targets.toml");
        std::fs::write(&file, text).unwrap();
        Targets::read(&file)
    }

    const POLICE: &str =
        "[[target]]\ngroup = \"police\"\nmeasure = \"M2\"\npercent = 80\nvalid_from = \"2026-04-01\"\n";

    #[test]
    fn the_target_of_a_role_stands_before_that_of_its_group_while_it_holds() {
        let officer = "role = \"Officer\"\nvalid_to = \"2026-09-30\"\n";
        let both = read(&format!("{POLICE}{}{officer}", POLICE.replace("80", "90"))).unwrap();
        let of = |role, day: &str| {
            both.of(AgencyGroup::Police, role, day.parse().unwrap()).map(|target| target.percent)
        };
        assert_eq!(of("officer", "2026-09-30"), Some(90));
        assert_eq!(of("officer", "2026-10-01"), Some(80));
        assert_eq!(of("Desk", "2026-09-30"), Some(80));
        assert_eq!(of("Desk", "2026-03-31"), None);
        assert_eq!(both.of(AgencyGroup::Housing, "Officer", "2026-09-30".parse().unwrap()), None);
        assert!(Targets::read(Path::new("")).unwrap().is_empty(), "none until a partnership agrees on one");
    }

    #[test]
    fn a_target_that_cannot_be_is_refused() {
        for (text, says) in [
            (POLICE.replace("80", "180"), "more than 100"),
            (POLICE.replace("M2", "M7"), "M7"),
            (format!("{POLICE}valid_to = \"2026-03-31\"\n"), "ends before it begins"),
            (POLICE.replace("police", "polise"), "polise"),
        ] {
            let said = read(&text).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        }
    }

    #[test]
    fn a_service_is_back_when_three_months_meet_the_target_and_the_three_before_did_not() {
        let target = read(POLICE).unwrap().0.remove(0);
        let back = |before: (usize, usize), since: (usize, usize)| {
            is_back(&target, Rate::of(before.0, before.1), Rate::of(since.0, since.1))
        };
        assert!(back((5, 10), (8, 10)), "exactly at the target");
        assert!(!back((5, 10), (7, 10)));
        assert!(!back((8, 10), (9, 10)), "it was there before");
        assert!(!back((1, 4), (9, 10)), "too few to judge");
        assert!(!back((5, 10), (4, 4)));
    }
}
