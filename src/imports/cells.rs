//! Single cells: dates, times, codes, addresses. Each error says what is wrong and what to write.

use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime};

use super::outcome::Refusal;
use super::text::{Row, Table};
use crate::platform::{UnknownCode, nearest};

/// Reads the cells of one row and gathers what is wrong with them.
pub(super) struct Cells<'a> {
    pub table: &'a Table,
    pub row: &'a Row,
    pub refused: Vec<Refusal>,
}

impl<'a> Cells<'a> {
    pub fn new(table: &'a Table, row: &'a Row) -> Self {
        Self { table, row, refused: Vec::new() }
    }

    pub fn text(&self, column: &str) -> &'a str {
        self.table.cell(self.row, column)
    }

    pub fn refuse(&mut self, column: &str, reason: impl Into<String>, remedy: &str) {
        let value = self.text(column);
        let refusal = Refusal::new(&self.table.file, self.row.line, column, value, reason.into(), remedy);
        self.refused.push(refusal);
    }

    /// Text that must be there.
    pub fn required(&mut self, column: &str) -> &'a str {
        let text = self.text(column);
        if text.is_empty() {
            self.refuse(column, "the cell is empty", "Fill it in.");
        }
        text
    }

    /// `YYYY-MM-DD` or `dd/mm/yyyy`.
    pub fn date(&mut self, column: &str) -> Option<NaiveDate> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let read = parse_date(text);
        if read.is_none() {
            self.refuse(column, "this is not a date", "Write it as 2026-09-30 or 30/09/2026.");
        }
        read
    }

    /// A date that cannot lie after today.
    pub fn past_date(&mut self, column: &str, today: NaiveDate) -> Option<NaiveDate> {
        let day = self.date(column)?;
        if day > today {
            self.refuse(column, format!("this lies in the future (today is {today})"), "Correct the date.");
            return None;
        }
        Some(day)
    }

    /// `HH:MM`, seconds allowed.
    pub fn time(&mut self, column: &str) -> Option<NaiveTime> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let read = parse_time(text);
        if read.is_none() {
            self.refuse(column, "this is not a time of day", "Write it as 13:30.");
        }
        read
    }

    /// A code of a closed list; `None` for an empty cell.
    pub fn code<C: FromStr<Err = UnknownCode>>(&mut self, column: &str) -> Option<C> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        match text.parse() {
            Ok(code) => Some(code),
            Err(e) => {
                let meant = nearest(text, e.allowed.iter().copied());
                let remedy =
                    meant.map_or("Correct the cell.".to_owned(), |m| format!("Did you mean \"{m}\"?"));
                self.refuse(column, e.to_string(), &remedy);
                None
            }
        }
    }

    /// A code that must be there.
    pub fn required_code<C: FromStr<Err = UnknownCode>>(&mut self, column: &str) -> Option<C> {
        if self.required(column).is_empty() {
            return None;
        }
        self.code(column)
    }

    /// `yes` or `no`; an empty cell is no.
    pub fn yes(&mut self, column: &str) -> bool {
        match self.text(column).to_lowercase().as_str() {
            "yes" | "y" => true,
            "no" | "n" | "" => false,
            other => {
                self.refuse(column, format!("\"{other}\" is neither yes nor no"), "Write yes or no.");
                false
            }
        }
    }

    /// A mail address; `None` for an empty cell.
    pub fn email(&mut self, column: &str) -> Option<String> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        if text.parse::<lettre::Address>().is_err() || !text.contains('.') {
            self.refuse(
                column,
                "this is not a mail address",
                "Write one address, as name@organisation.nhs.uk.",
            );
            return None;
        }
        Some(text.to_lowercase())
    }
}

pub(super) fn parse_date(text: &str) -> Option<NaiveDate> {
    let text = text.strip_suffix(" 00:00:00").or_else(|| text.strip_suffix(" 00:00")).unwrap_or(text);
    let day =
        NaiveDate::parse_from_str(text, "%Y-%m-%d").or_else(|_| NaiveDate::parse_from_str(text, "%d/%m/%Y"));
    day.ok().filter(|day| (1990..=2100).contains(&chrono::Datelike::year(day)))
}

pub(super) fn parse_time(text: &str) -> Option<NaiveTime> {
    ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p"]
        .iter()
        .find_map(|form| NaiveTime::parse_from_str(text, form).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_two_forms_and_nothing_is_guessed() {
        let day = "2026-09-30".parse().ok();
        for text in ["2026-09-30", "30/09/2026", "30/9/2026", "30/09/2026 00:00"] {
            assert_eq!(parse_date(text), day, "{text}");
        }
        for text in ["09/30/2026", "30-09-2026", "30/09/26", "46295", "2026-02-30", "0026-09-30"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
