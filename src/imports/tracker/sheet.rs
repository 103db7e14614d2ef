//! From the bytes of a workbook, or of a table as text, to rows of text.

use std::io::{Cursor, Read, sink};

use calamine::{Data, Reader, open_workbook_auto_from_rs};

use crate::imports::text::{clean, decode};

/// What a workbook may unfold to. A tracker of ten years is 2 MB.
const UNFOLDED: u64 = 64 * 1024 * 1024;

/// Rows of one sheet, each with its number in the spreadsheet; rows that hold nothing are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sheet {
    pub name: String,
    pub rows: Vec<(u64, Vec<String>)>,
}

/// A cell as a person reads it: dates and times as such, whole numbers without a fraction.
fn text(cell: &Data) -> String {
    match cell {
        Data::DateTime(at) => match at.as_datetime() {
            Some(at) if at.time() == chrono::NaiveTime::MIN => at.format("%Y-%m-%d").to_string(),
            Some(at) if at.date() <= chrono::NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default() => {
                at.format("%H:%M").to_string()
            }
            Some(at) => at.format("%Y-%m-%d %H:%M").to_string(),
            None => String::new(),
        },
        other => clean(&other.to_string()),
    }
}

fn sheet(name: String, rows: impl Iterator<Item = (u64, Vec<String>)>) -> Sheet {
    let rows = rows.filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
    Sheet { name, rows: rows.collect() }
}

/// A workbook that unfolds to more than it could hold in earnest is not opened.
fn is_too_large(bytes: &[u8]) -> bool {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else { return false };
    let mut left = UNFOLDED;
    for n in 0..archive.len() {
        let Ok(file) = archive.by_index(n) else { continue };
        // Counted, not believed: an archive says of itself what it likes.
        let read = std::io::copy(&mut file.take(left + 1), &mut sink()).unwrap_or(0);
        if read > left {
            return true;
        }
        left -= read;
    }
    false
}

/// The sheets of a file that hold anything: .xlsx, .xls, .xlsb, .ods, or a table as text.
///
/// # Errors
/// In words, where it cannot be read.
pub(super) fn sheets(name: &str, bytes: &[u8]) -> Result<Vec<Sheet>, String> {
    let all = if bytes.starts_with(b"PK") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        if is_too_large(bytes) {
            return Err(format!(
                "{name} unfolds to more than 64 MB: save only the sheet of the tracker, and try again."
            ));
        }
        let unreadable = |e: &dyn std::fmt::Display| {
            format!(
                "{name} cannot be read ({e}). Save it as .xlsx or .csv, without a password, and try again."
            )
        };
        let mut book = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|e| unreadable(&e))?;
        let mut all = Vec::new();
        for sheet_name in book.sheet_names() {
            let range = book.worksheet_range(&sheet_name).map_err(|e| unreadable(&e))?;
            let from = range.start().map_or(0, |(row, _)| u64::from(row)) + 1;
            let rows = range.rows().zip(from..).map(|(row, n)| (n, row.iter().map(text).collect()));
            all.push(sheet(sheet_name, rows));
        }
        all
    } else {
        let (text, _) = decode(bytes);
        if text.contains('\0') {
            return Err(format!("{name} is neither a spreadsheet nor a table as text."));
        }
        // A title may stand above the headings, so the separator is whichever there is most of.
        let separators = [b',', b'\t', b';'].into_iter();
        let separator = separators.max_by_key(|s| text.bytes().filter(|b| b == s).count()).unwrap_or(b',');
        let mut read = csv::ReaderBuilder::new();
        let mut read =
            read.delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
        let rows = read.records().flatten();
        let rows = rows.map(|r| (r.position().map_or(1, csv::Position::line), r.iter().map(clean).collect()));
        let rows: Vec<_> = rows.collect();
        vec![sheet(name.to_owned(), rows.into_iter())]
    };
    let all: Vec<Sheet> = all.into_iter().filter(|sheet| !sheet.rows.is_empty()).collect();
    if all.is_empty() { Err(format!("{name} holds no row.")) } else { Ok(all) }
}

/// The row of the headings: the first with at least four cells, none of them twice.
pub(super) fn heading(sheet: &Sheet) -> u64 {
    let is_heading = |cells: &[String]| {
        let mut filled: Vec<String> =
            cells.iter().filter(|c| !c.is_empty()).map(|c| c.to_lowercase()).collect();
        let all = filled.len();
        filled.sort();
        filled.dedup();
        all >= 4 && filled.len() == all
    };
    let found = sheet.rows.iter().find(|(_, cells)| is_heading(cells));
    found.or(sheet.rows.first()).map_or(1, |(n, _)| *n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_headings_is_found_under_a_title() {
        let rows = [
            (1, vec!["Tracker".to_owned(), String::new(), String::new(), String::new()]),
            (3, ["Ref", "Date", "GP", "Police"].map(str::to_owned).to_vec()),
            (4, ["C-1", "2026-01-05", "P", "P"].map(str::to_owned).to_vec()),
        ];
        assert_eq!(heading(&Sheet { name: "s".to_owned(), rows: rows.to_vec() }), 3);
    }

    #[test]
    fn what_is_no_spreadsheet_is_said_to_be_none() {
        assert!(sheets("a.xlsx", b"PK\x03\x04 and rubbish").unwrap_err().contains("cannot be read"));
        assert!(sheets("a.png", b"\x89PNG\0\0").unwrap_err().contains("neither"));
        assert!(sheets("a.csv", b"\n\n").unwrap_err().contains("holds no row"));
    }

    #[test]
    fn a_table_as_text_keeps_the_numbers_of_its_lines() {
        let all = sheets("a.csv", b"Title\n\nRef,Date\nC-1,05/01/2026\n").unwrap();
        assert_eq!(all[0].rows[0].0, 1);
        assert_eq!(all[0].rows.last().unwrap(), &(4, vec!["C-1".to_owned(), "05/01/2026".to_owned()]));
    }
}
