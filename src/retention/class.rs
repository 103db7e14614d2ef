//! The classes of what is kept, and until which day each has had its time. Periods are settings; where a class
//! is counted from the end of the financial year, that is the 31 March after.

use chrono::{Datelike, Days, NaiveDate};

use crate::platform::codes::codes;

codes! {
    /// What is kept for one length of time.
    pub enum Class {
        Register = "register", "registers: who was invited, who came, what was decided for whom";
        AuditText = "audit_text", "what the entries of the audit trail say";
        MailText = "mail_text", "the text of messages";
        TaskRuns = "task_runs", "runs of scheduled tasks";
    }
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// So many years after the end of the financial year.
    FinancialYears(u32),
    /// So many days.
    Days(u32),
}

impl Period {
    /// The last day whose records have had their time.
    pub fn over_until(self, today: NaiveDate) -> NaiveDate {
        match self {
            Self::Days(days) => today - Days::new(u64::from(days) + 1),
            Self::FinancialYears(years) => {
                let end = |year: i32| NaiveDate::from_ymd_opt(year, 3, 31).expect("every year has one");
                let this = end(today.year());
                let ended = if this < today { today.year() } else { today.year() - 1 };
                end(ended - i32::try_from(years).unwrap_or(i32::MAX / 2))
            }
        }
    }

    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::FinancialYears(years) => format!("{years} years after the end of the financial year"),
            Self::Days(days) => format!("{days} days"),
        }
    }
}

/// The period of each class.
#[derive(Clone, Copy, Debug)]
pub struct Periods {
    /// Years for registers.
    pub register_years: u32,
    /// Years for what the audit trail says.
    pub audit_years: u32,
    /// Days for the text of messages.
    pub mail_text_days: u32,
    /// Days for runs of tasks.
    pub task_run_days: u32,
}

impl Periods {
    /// The period of a class.
    pub fn of(&self, class: Class) -> Period {
        match class {
            Class::Register => Period::FinancialYears(self.register_years),
            Class::AuditText => Period::FinancialYears(self.audit_years),
            Class::MailText => Period::Days(self.mail_text_days),
            Class::TaskRuns => Period::Days(self.task_run_days),
        }
    }
}

impl Class {
    /// Whether a person decides each time. The rest goes by the schedule.
    pub const fn by_hand(self) -> bool {
        matches!(self, Self::Register | Self::AuditText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_of_years_begins_when_the_financial_year_ends() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (today, until) in [
            ("2026-03-31", "2019-03-31"),
            ("2026-04-01", "2020-03-31"),
            ("2026-11-23", "2020-03-31"),
            ("2027-01-01", "2020-03-31"),
        ] {
            assert_eq!(Period::FinancialYears(6).over_until(day(today)), day(until), "{today}");
        }
        assert_eq!(Period::Days(90).over_until(day("2026-11-23")), day("2026-08-24"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_over_before_its_whole_period(days in 0i64..20_000, years in 0u32..20) {
            let today = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + chrono::TimeDelta::days(days);
            let until = Period::FinancialYears(years).over_until(today);
            // The year that it lies in ended at least so many years ago, and the next one did not.
            let end = |year: i32| NaiveDate::from_ymd_opt(year, 3, 31).unwrap();
            proptest::prop_assert_eq!(until, end(until.year()));
            proptest::prop_assert!(end(until.year() + years as i32) < today);
            proptest::prop_assert!(end(until.year() + years as i32 + 1) >= today);
        }
    }
}
