//! Single cells: dates, times, codes, addresses. Each error says what is wrong and what to write.

use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime};

use super::outcome::Refusal;
use super::text::{Row, Table};
use crate::calendar::written;
use crate::mail::is_address;
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
        let read = written::day(text);
        if read.is_none() {
            self.refuse(
                column,
                "this is not a date between 1990 and 2100",
                "Write it as 2026-09-30 or 30/09/2026.",
            );
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
        let read = written::time(text);
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
        if !is_address(text) {
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
