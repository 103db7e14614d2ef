//! The ladder as data (`config/ladder.toml`), with the days from which each version holds.

use std::path::Path;

use chrono::NaiveDate;
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

use crate::feedback::steps::StepReason;

/// The ladder that is built in.
const BUILT_IN: &str = include_str!("../../config/ladder.toml");

/// What leads to a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "when", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// No reply by the day that a letter named which asks for one.
    NoReply,
    /// An effect as grave as this, or graver.
    Severity { at_least: u8 },
    /// Missed so many conferences of the same child, one after the other.
    Running { misses: usize },
    /// Missed so many conferences in so many months, and more than this share of those at which it was expected.
    Pattern { misses: usize, months: u32, more_than_percent: usize, of_at_least: usize },
    /// A plan ended without it so many times in so many months.
    PlanEnds { times: usize, months: u32 },
    /// The rung before went so many working days ago, and nobody answered.
    StillOpen { working_days: u32 },
}

impl Trigger {
    /// What a step is proposed for where it holds.
    pub const fn reason(self) -> StepReason {
        match self {
            Self::NoReply => StepReason::NoReply,
            Self::Severity { .. } => StepReason::Severity,
            Self::Running { .. } => StepReason::Running,
            Self::Pattern { .. } => StepReason::Pattern,
            Self::PlanEnds { .. } => StepReason::PlanEnds,
            Self::StillOpen { .. } => StepReason::StillOpen,
        }
    }
}

/// One rung.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// 2 to 4.
    pub rung: i32,
    /// To whom it goes, in words.
    pub name: String,
    /// The contact roles to whom its letter goes.
    pub roles: Vec<String>,
    /// Any one of these leads to it; the first that holds is what it is proposed for.
    pub trigger: Vec<Trigger>,
}

/// One version.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// Its name, which each step keeps.
    pub version: String,
    /// For conferences from this day on.
    pub valid_from: NaiveDate,
    /// Working days after which an absence leads to no new step.
    pub lapses_after_working_days: u32,
    /// In order.
    pub rung: Vec<Rung>,
}

impl Ladder {
    /// A rung by its number.
    pub fn rung(&self, number: i32) -> Option<&Rung> {
        self.rung.iter().find(|rung| rung.rung == number)
    }

    /// The trigger for which a step of a rung was proposed; `None` where the ladder has forgotten it.
    pub fn trigger(&self, rung: i32, reason: StepReason) -> Option<Trigger> {
        self.rung(rung)?.trigger.iter().copied().find(|trigger| trigger.reason() == reason)
    }

    /// The months that its rules look back.
    pub fn looks_back_months(&self) -> u32 {
        let triggers = self.rung.iter().flat_map(|rung| &rung.trigger);
        let months = triggers.map(|trigger| match trigger {
            Trigger::Pattern { months, .. } | Trigger::PlanEnds { months, .. } => *months,
            _ => 0,
        });
        months.max().unwrap_or(0)
    }
}

/// Every version, oldest first; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladders(Vec<Ladder>);

/// A ladder that cannot be read, or cannot be climbed.
#[derive(Debug, thiserror::Error)]
#[error("ladder.file {file}: {why}")]
pub struct LadderError {
    file: String,
    why: String,
}

impl Ladders {
    /// Those of a file, or the built-in one where none is named.
    pub fn read(file: &Path) -> Result<Self, LadderError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Read {
            ladder: Vec<Ladder>,
        }
        let figment = match file.as_os_str().is_empty() {
            true => Figment::from(Toml::string(BUILT_IN)),
            false => Figment::from(Toml::file_exact(file)),
        };
        let wrong = |why: String| LadderError { file: file.display().to_string(), why };
        let mut ladders = figment.extract::<Read>().map_err(|e| wrong(e.to_string()))?.ladder;
        ladders.sort_by_key(|ladder| ladder.valid_from);
        if ladders.is_empty() {
            return Err(wrong("it has no ladder".to_owned()));
        }
        for ladder in &ladders {
            let numbers: Vec<i32> = ladder.rung.iter().map(|rung| rung.rung).collect();
            if numbers != [2, 3, 4] {
                return Err(wrong(format!(
                    "ladder {}: its rungs are 2, 3 and 4, in this order",
                    ladder.version
                )));
            }
            let twice = |rung: &&Rung| {
                let reasons: Vec<_> = rung.trigger.iter().map(|trigger| trigger.reason()).collect();
                reasons.iter().enumerate().any(|(n, reason)| reasons[..n].contains(reason))
            };
            if let Some(rung) = ladder.rung.iter().find(twice) {
                let which = format!("ladder {}, rung {}", ladder.version, rung.rung);
                return Err(wrong(format!("{which}: two triggers of one kind; leave one")));
            }
            if let Some(rung) =
                ladder.rung.iter().find(|rung| rung.roles.is_empty() || rung.trigger.is_empty())
            {
                let which = format!("ladder {}, rung {}", ladder.version, rung.rung);
                return Err(wrong(format!("{which}: it needs a role and a trigger")));
            }
        }
        Ok(Self(ladders))
    }

    /// The one that holds for a conference of this day (before the first, the first).
    pub fn on(&self, day: NaiveDate) -> &Ladder {
        self.0.iter().rev().find(|ladder| ladder.valid_from <= day).unwrap_or(&self.0[0])
    }

    /// The one by which a step was proposed, or the newest where a file has forgotten it.
    pub fn of(&self, version: &str) -> &Ladder {
        let newest = self.0.last().expect("never empty");
        self.0.iter().find(|ladder| ladder.version == version).unwrap_or(newest)
    }

    /// The months that any of them looks back.
    pub fn looks_back_months(&self) -> u32 {
        self.0.iter().map(Ladder::looks_back_months).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_ladder_is_domain_7s() {
        let ladders = Ladders::read(Path::new("")).unwrap();
        let ladder = ladders.on("2026-09-30".parse().unwrap());
        let of = |rung| &ladder.rung(rung).unwrap().trigger;
        assert_eq!(
            of(2)[..],
            [Trigger::Severity { at_least: 3 }, Trigger::Running { misses: 2 }, Trigger::NoReply]
        );
        assert_eq!(
            of(3)[..],
            [
                Trigger::Pattern { misses: 3, months: 6, more_than_percent: 50, of_at_least: 4 },
                Trigger::PlanEnds { times: 2, months: 6 },
            ]
        );
        assert_eq!(of(4)[..], [Trigger::StillOpen { working_days: 20 }]);
        assert_eq!(ladders.looks_back_months(), 6);
    }

    #[test]
    fn the_ladder_that_holds_is_that_of_the_conferences_day_and_a_wrong_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ladder.toml");
        let other = BUILT_IN.replace("2026-1", "2027-1").replace("2000-01-01", "2027-04-01");
        std::fs::write(&file, format!("{BUILT_IN}\n{other}")).unwrap();
        let ladders = Ladders::read(&file).unwrap();
        assert_eq!(ladders.on("2027-03-31".parse().unwrap()).version, "2026-1");
        assert_eq!(ladders.on("2027-04-01".parse().unwrap()).version, "2027-1");
        for (wrong, says) in [
            (BUILT_IN.replace("rung = 4", "rung = 5"), "its rungs are 2, 3 and 4"),
            (BUILT_IN.replace("roles = [\"safeguarding lead\"]", "roles = []"), "needs a role and a trigger"),
            (BUILT_IN.replace("at_least = 3", "at_most = 3"), "at_most"),
            (
                BUILT_IN.replace("{ when = \"no_reply\" }", "{ when = \"severity\", at_least = 2 }"),
                "two triggers of one kind",
            ),
        ] {
            std::fs::write(&file, wrong).unwrap();
            let said = Ladders::read(&file).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        }
    }
}
