//! The paper as a workbook: a sheet a table, numbers as numbers, headers that stay in sight. It says the same as the page.

use chrono::Datelike;
use rust_xlsxwriter::{Chart, DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::paper::{Breakdown, Paper};
use super::rate::Rate;
use super::xlsx_actions::actions;
use super::xlsx_parts::{parts as counts_by_part, rates as rates_by_part};
use super::xlsx_trend::trends;
use super::{Edition, Period, Snapshot, titles, words};

/// The columns of a rate.
pub const RATE: [&str; 5] = ["Number", "Of", "Percent", "95% from", "95% to"];

/// A workbook's formats.
pub struct Styles {
    header: Format,
    percent: Format,
    title: Format,
    wrapped: Format,
}

/// A sheet that is filled row by row.
pub struct Table<'a> {
    sheet: &'a mut Worksheet,
    styles: &'a Styles,
    row: u32,
    column: u16,
}

impl<'a> Table<'a> {
    /// With its header, which stays in sight with the first column.
    pub fn new(
        sheet: &'a mut Worksheet,
        styles: &'a Styles,
        columns: impl IntoIterator<Item = String>,
    ) -> Result<Self, XlsxError> {
        let mut last = 0;
        for (column, name) in (0_u16..).zip(columns) {
            sheet.write_string_with_format(0, column, name, &styles.header)?;
            last = column;
        }
        sheet.set_freeze_panes(1, 1)?;
        sheet.set_column_width(0, 44)?;
        sheet.set_column_range_width(1, last.max(1), 14)?;
        sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
        Ok(Self { sheet, styles, row: 0, column: 0 })
    }

    pub fn next(&mut self) {
        self.row += 1;
        self.column = 0;
    }

    pub fn text(&mut self, text: &str) -> Result<(), XlsxError> {
        self.sheet.write_string(self.row, self.column, text)?;
        self.column += 1;
        Ok(())
    }

    fn number(&mut self, number: impl Into<f64>) -> Result<(), XlsxError> {
        self.sheet.write_number(self.row, self.column, number)?;
        self.column += 1;
        Ok(())
    }

    pub fn count(&mut self, count: usize) -> Result<(), XlsxError> {
        self.number(u32::try_from(count).expect("fewer than four thousand million"))
    }

    /// Leaves a cell empty.
    pub fn skip(&mut self) {
        self.column += 1;
    }

    /// The row in which it stands, from 0.
    pub fn row(&self) -> u32 {
        self.row
    }

    pub fn chart(&mut self, row: u32, column: u16, chart: &Chart) -> Result<(), XlsxError> {
        self.sheet.insert_chart(row, column, chart)?;
        Ok(())
    }

    pub fn percent(&mut self, percent: f64) -> Result<(), XlsxError> {
        // Of tenths of a percent, so that what is read back is the same to the digit.
        let share = (percent * 10.0).round() / 1000.0;
        self.sheet.write_number_with_format(self.row, self.column, share, &self.styles.percent)?;
        self.column += 1;
        Ok(())
    }

    /// Number, of, percent, interval. Of nothing there is no percent, and of fewer than 20 none is told.
    pub fn rate(&mut self, rate: Rate) -> Result<(), XlsxError> {
        self.number(rate.numerator)?;
        self.number(rate.denominator)?;
        match rate.percent {
            Some(_) if rate.is_small() => self.text("too few")?,
            Some(percent) => self.percent(percent.as_percent())?,
            None => self.text("none")?,
        }
        match rate.interval {
            Some((low, high)) => {
                self.percent(low.as_percent())?;
                self.percent(high.as_percent())
            }
            None => {
                self.column += 2;
                Ok(())
            }
        }
    }
}

pub fn named<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The columns of a rate that is one of several in its row.
pub fn of_rate(name: &str) -> impl Iterator<Item = String> {
    RATE.iter().map(move |column| format!("{name} {}", column.to_lowercase()))
}

fn parts<'a>(
    sheet: &mut Worksheet,
    styles: &Styles,
    first: &str,
    rows: impl Iterator<Item = (String, &'a Breakdown)>,
) -> Result<(), XlsxError> {
    let counts = [
        "Expected",
        "Attended",
        "Deputy",
        "Report only",
        "Not there at the decision",
        "Apologies",
        "Absent without word",
    ];
    let measures = ["M1 attendance", "M2 representation", "M3 contribution", "M4 silent"];
    let columns = std::iter::once(first.to_owned()).chain(named(counts));
    let mut table = Table::new(sheet, styles, columns.chain(measures.into_iter().flat_map(of_rate)))?;
    for (name, b) in rows {
        table.next();
        table.text(&name)?;
        let counts = [
            b.expected,
            b.attended,
            b.deputised,
            b.contributed,
            b.left_before_decision,
            b.apologies,
            b.silent,
        ];
        for count in counts {
            table.count(count)?;
        }
        for rate in [b.M1, b.M2, b.M3, b.M4] {
            table.rate(rate)?;
        }
    }
    Ok(())
}

pub fn sheet<'a>(workbook: &'a mut Workbook, name: &str) -> Result<&'a mut Worksheet, XlsxError> {
    workbook.add_worksheet().set_name(name)
}

/// What stands around a month: headlines with their charts, agencies, what was restated.
fn around(workbook: &mut Workbook, styles: &Styles, snapshot: &Snapshot) -> Result<(), XlsxError> {
    let first = sheet(workbook, "Headlines")?;
    let (these, before) = snapshot.period().in_words();
    let columns = named(["Measure", "Definition"]).into_iter().chain(of_rate(these));
    let columns = columns.chain(of_rate(before)).chain(of_rate("Twelve months"));
    let mut table =
        Table::new(first, styles, columns.chain(named(["Months known of twelve", "Change or chance"])))?;
    for headline in &snapshot.headlines {
        let (title, definition) = titles::of(&headline.id);
        table.next();
        table.text(&format!("{} {title}", headline.id))?;
        table.text(definition)?;
        for rate in [headline.rate, headline.previous.unwrap_or(Rate::of(0, 0)), headline.rolling] {
            table.rate(rate)?;
        }
        table.count(headline.rolling_months)?;
        table.text(&headline.verdict)?;
    }
    trends(workbook, styles, snapshot)?;
    let mut agencies: Vec<_> = snapshot.agencies.values().collect();
    agencies.sort_by_key(|line| line.name.to_lowercase());
    let columns = named(["Agency", "Group"]).into_iter().chain(of_rate(these));
    let columns = columns.chain(of_rate("Twelve months")).chain(of_rate("Its group"));
    let columns = columns.chain(named(["Among its group", "Change or chance", "Targets"]));
    let mut table = Table::new(sheet(workbook, "Representation by agency")?, styles, columns)?;
    for line in agencies {
        table.next();
        table.text(&line.name)?;
        table.text(&words::word(super::parts::Split::Group, &line.group))?;
        for rate in [line.rate, line.rolling, line.group_rolling] {
            table.rate(rate)?;
        }
        table.text(line.position.label())?;
        table.text(&line.verdict)?;
        table.text(&line.targets_in_words())?;
    }
    let columns = named(["Month", "Figure", "Was", "Is"]);
    let mut table = Table::new(sheet(workbook, "Restated")?, styles, columns)?;
    for revision in &snapshot.restated.revisions {
        table.next();
        for text in [&revision.month, &revision.figure, &revision.was, &revision.is] {
            table.text(text)?;
        }
    }
    Ok(())
}

/// What each measure is, and what words and signs mean.
fn definitions(workbook: &mut Workbook, styles: &Styles, paper: &Paper) -> Result<(), XlsxError> {
    let columns = named(["Measure", "Name", "Definition"]);
    let mut table = Table::new(sheet(workbook, "Definitions")?, styles, columns)?;
    table.sheet.set_column_width(2, 110)?;
    let measures = ["M1", "M2", "M3", "M4"].into_iter().chain(paper.rates().into_iter().map(|(id, _)| id));
    for id in measures {
        let (title, definition) = titles::of(id);
        table.next();
        for text in [title, id, definition] {
            table.text(text)?;
        }
    }
    for (id, _) in paper.counts() {
        table.next();
        for text in [titles::of_count(id), id, "a count"] {
            table.text(text)?;
        }
    }
    for text in titles::HOW_TO_READ {
        table.next();
        table.text("How to read it")?;
        table.column += 1;
        table.sheet.write_string_with_format(table.row, table.column, text, &table.styles.wrapped)?;
    }
    Ok(())
}

/// The paper as a workbook.
pub fn xlsx(edition: &Edition) -> Result<Vec<u8>, XlsxError> {
    let (snapshot, paper) = (&edition.snapshot, &edition.snapshot.paper);
    let mut workbook = Workbook::new();
    let styles = Styles {
        header: Format::new().set_bold().set_text_wrap(),
        percent: Format::new().set_num_format("0.0%"),
        title: Format::new().set_bold().set_font_size(14),
        wrapped: Format::new().set_text_wrap(),
    };
    let period: Period = paper.month.parse().expect("a paper's own period");
    let day = period.last().last();
    // Of the paper's own time, for the same paper is the same file whenever it is written.
    let made = ExcelDateTime::from_ymd(day.year() as u16, day.month() as u8, day.day() as u8)?;
    let title = format!("Attendance at child protection conferences, {}", period.name());
    workbook.set_properties(&DocProperties::new().set_title(&title).set_creation_datetime(&made));

    let cover = sheet(&mut workbook, "Read first")?;
    cover.set_column_width(0, 110)?.set_print_fit_to_pages(1, 0);
    cover.write_string_with_format(0, 0, &title, &styles.title)?;
    let mut notes = vec![
        "OFFICIAL-SENSITIVE. For the PAQA sub-group.".to_owned(),
        format!("{} conferences with a confirmed register; {} have none, and count nowhere.", paper.conferences, paper.registers_open),
        "Intervals are Wilson's 95% intervals. Of fewer than 20 there is no percentage: \"too few\". \"none\" means that there was nothing to count.".to_owned(),
    ];
    notes.push(format!("Definitions {}.", snapshot.definitions));
    notes.extend(snapshot.exceptions.iter().map(|e| e.text.clone()));
    for (row, note) in (2_u32..).zip(&notes) {
        cover.write_string_with_format(row, 0, note, &styles.wrapped)?;
    }
    around(&mut workbook, &styles, snapshot)?;
    if !snapshot.actions.is_empty() {
        actions(&mut workbook, &styles, &snapshot.actions, &edition.written)?;
    }
    let columns = named(["Measure", "Name", "Definition"]).into_iter().chain(named(RATE));
    let mut table = Table::new(sheet(&mut workbook, "Measures")?, &styles, columns)?;
    let whole =
        [("M1", paper.whole.M1), ("M2", paper.whole.M2), ("M3", paper.whole.M3), ("M4", paper.whole.M4)];
    for (id, rate) in whole.into_iter().chain(paper.rates()) {
        let (title, definition) = titles::of(id);
        table.next();
        table.text(title)?;
        table.text(id)?;
        table.text(definition)?;
        table.rate(rate)?;
    }
    let mut table = Table::new(sheet(&mut workbook, "Counts")?, &styles, named(["Count", "Name", "Number"]))?;
    for (id, count) in paper.counts() {
        table.next();
        table.text(titles::of_count(id))?;
        table.text(id)?;
        table.count(count)?;
    }
    counts_by_part(&mut workbook, &styles, paper)?;
    rates_by_part(&mut workbook, &styles, paper)?;
    let columns = named(["Agency", "Children", "Of which without its report", "Of which our fault"]);
    let mut table = Table::new(sheet(&mut workbook, "Missing when a plan ended")?, &styles, columns)?;
    let mut without: Vec<_> = paper.plans_ended_without.values().collect();
    without.sort_by_key(|agency| agency.name.to_lowercase());
    for agency in without {
        table.next();
        table.text(&agency.name)?;
        for count in [agency.children, agency.without_report, agency.our_fault] {
            table.count(count)?;
        }
    }
    let mut agencies: Vec<_> = paper.by_agency.values().collect();
    agencies.sort_by_key(|agency| agency.name.to_lowercase());
    let rows = agencies.into_iter().map(|agency| (agency.name.clone(), &agency.part));
    parts(sheet(&mut workbook, "By agency")?, &styles, "Agency", rows)?;
    let mut services: Vec<_> = paper.by_service.values().collect();
    services.sort_by_key(|service| service.name.to_lowercase());
    let rows = services.into_iter().map(|service| (service.name.clone(), &service.part));
    parts(sheet(&mut workbook, "By service")?, &styles, "Service", rows)?;
    for (split, all) in paper.splits() {
        let rows = all.iter().map(|(code, part)| (words::word(split, code), part));
        let name = format!("By {}", split.label());
        parts(sheet(&mut workbook, &name)?, &styles, "Part", rows)?;
    }
    let rows = [("All conferences".to_owned(), &paper.whole), ("With neglect".to_owned(), &paper.neglect)];
    parts(sheet(&mut workbook, "Neglect")?, &styles, "Lens", rows.into_iter())?;
    definitions(&mut workbook, &styles, paper)?;
    workbook.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::*;
    use crate::agencies::store::Directory;
    use crate::calendar::{Breaks, Calendar};
    use crate::invitations::MinimumNotice;
    use crate::platform::Keys;
    use crate::register::Policies;
    use crate::reports::Targets;
    use crate::reports::finish::finish;
    use crate::reports::snapshot::{About, Restated};
    use crate::reports::store::MonthData;

    #[test]
    fn a_workbook_reads_back_to_the_digit_and_is_the_same_file_each_time() {
        let policies = Policies {
            calendar: Calendar::with_changes([]),
            minimum_notice: MinimumNotice { initial: 5, review: 10, reconvened: 3 },
            report_on_time_working_days: 2,
            quorum: Vec::new(),
        };
        let month: crate::reports::Month = "2026-09".parse().unwrap();
        let data = MonthData::alone(month, Directory::default(), Vec::new());
        let paper =
            Paper { M7: Rate::of(34, 40), M9: Rate::of(3, 4), ..finish(&data, &policies, &Breaks::none()) };
        let measures_of_paper = 4 + paper.rates().len();
        let counts_of_paper = paper.counts().len();
        let about = About {
            quorum_rules: Vec::new(),
            restated: Restated::default(),
            targets: &Targets::default(),
            actions: &[],
            keys: &Keys::generate(),
            today: month.last(),
        };
        let snapshot = Snapshot::of(paper, &[], about);
        let edition = Edition { snapshot, closed: None, written: BTreeMap::new(), as_of: month.last() };
        let bytes = xlsx(&edition).unwrap();
        assert_eq!(bytes, xlsx(&edition).unwrap());
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        let measures = book.worksheet_range("Measures").unwrap();
        let row = |id: &str| measures.rows().find(|row| row[1] == Data::String(id.to_owned())).unwrap();
        let numbers = |row: &[Data]| row[3..].iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(numbers(row("M7")), ["34", "40", "0.85", "0.709", "0.929"], "Wilson's 34 of 40");
        assert_eq!(numbers(row("M9"))[..3], ["3", "4", "too few"]);
        assert_eq!(numbers(row("M1"))[..3], ["0", "0", "none"]);
        assert_eq!(measures.rows().count(), 1 + measures_of_paper);
        assert_eq!(book.worksheet_range("Counts").unwrap().rows().count(), 1 + counts_of_paper);
    }
}
