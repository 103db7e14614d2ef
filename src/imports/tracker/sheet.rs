//! From the bytes of a workbook, or of a table as text, to rows of text.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, sink};

use calamine::{Data, Reader, Xlsx, XlsxError};

use crate::imports::text::{clean, decode};

/// What a workbook may unfold to. A tracker of ten years is 20 MB of XML.
const UNFOLDED: u64 = 32 * 1024 * 1024;

/// Columns, rows, cells and sheets that are read. A tracker of ten years has 20 columns, 13,000 rows and ten sheets.
const COLUMNS: u32 = 200;
const ROWS: u32 = 20_000;
const CELLS: usize = 500_000;
const SHEETS: usize = 24;

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

/// The sheets of a file that hold anything: .xlsx, or a table as text.
///
/// # Errors
/// In words, where it cannot be read.
pub(super) fn sheets(name: &str, bytes: &[u8]) -> Result<Vec<Sheet>, String> {
    let all = match bytes {
        [b'P', b'K', ..] => workbook(name, bytes)?,
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            return Err(format!(
                "{name} has a password, or is of an old kind. Save it as .xlsx without a password, and try again."
            ));
        }
        _ => vec![table(name, bytes)?],
    };
    let all: Vec<Sheet> = all.into_iter().filter(|sheet| !sheet.rows.is_empty()).collect();
    if all.is_empty() { Err(format!("{name} holds no row.")) } else { Ok(all) }
}

/// The cells are read one by one: a workbook may have two cells, and say that they stand a million rows apart.
fn workbook(name: &str, bytes: &[u8]) -> Result<Vec<Sheet>, String> {
    let too_much = |what: &str| format!("{name} {what}: save only the sheet of the tracker, and try again.");
    if is_too_large(bytes) {
        return Err(too_much("unfolds to more than 32 MB"));
    }
    let unreadable =
        |e: XlsxError| format!("{name} cannot be read ({e}). Save it anew as .xlsx or .csv, and try again.");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let names = book.sheet_names();
    if names.len() > SHEETS {
        return Err(too_much(&format!("has more than {SHEETS} sheets")));
    }
    let (mut all, mut cells) = (Vec::new(), 0);
    for sheet_name in names {
        let mut rows: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        let Ok(mut reader) = book.worksheet_cells_reader(&sheet_name) else { continue };
        while let Some(cell) = reader.next_cell().map_err(unreadable)? {
            let (row, column) = cell.get_position();
            let said = text(&Data::from(cell.get_value().clone()));
            if said.is_empty() {
                continue;
            }
            cells += 1;
            if column >= COLUMNS || row >= ROWS || cells > CELLS {
                return Err(too_much(&format!(
                    "has cells beyond column {COLUMNS} or row {ROWS}, or more than {CELLS} of them"
                )));
            }
            let row = rows.entry(u64::from(row) + 1).or_default();
            row.resize(row.len().max(column as usize + 1), String::new());
            row[column as usize] = said;
        }
        all.push(sheet(sheet_name, rows.into_iter()));
    }
    Ok(all)
}

fn table(name: &str, bytes: &[u8]) -> Result<Sheet, String> {
    let (text, _) = decode(bytes);
    if text.contains('\0') || text.trim_start().starts_with('<') {
        return Err(format!(
            "{name} is neither a spreadsheet nor a table as text. Save it as .xlsx or .csv."
        ));
    }
    if text.matches('"').count() % 2 == 1 {
        return Err(format!(
            "{name} has a quotation mark that is not closed: rows after it cannot be told apart. Look for it, or save it as .xlsx."
        ));
    }
    // A title may stand above the headings, so the separator is whichever there is most of.
    let separators = [b',', b'\t', b';'].into_iter();
    let separator = separators.max_by_key(|s| text.bytes().filter(|b| b == s).count()).unwrap_or(b',');
    let mut read = csv::ReaderBuilder::new();
    let mut read = read.delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in read.records() {
        let record = record.map_err(|e| format!("{name} cannot be read: {e}."))?;
        let line = record.position().map_or(1, csv::Position::line);
        if record.len() > COLUMNS as usize || rows.len() as u64 > u64::from(ROWS) {
            return Err(format!("{name} has more than {COLUMNS} columns, or more than {ROWS} rows."));
        }
        rows.push((line, record.iter().map(clean).collect()));
    }
    Ok(sheet(name.to_owned(), rows.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_spreadsheet_is_said_to_be_none() {
        assert!(sheets("a.xlsx", b"PK\x03\x04 and rubbish").unwrap_err().contains("cannot be read"));
        assert!(sheets("a.png", b"\x89PNG\0\0").unwrap_err().contains("neither"));
        assert!(sheets("a.xls", b"<html><table>").unwrap_err().contains("neither"));
        assert!(sheets("a.csv", b"a,b\n1,\"2\n3,4\n").unwrap_err().contains("not closed"));
        assert!(sheets("a.csv", "x,".repeat(300).as_bytes()).unwrap_err().contains("more than 200 columns"));
        assert!(sheets("a.csv", b"\n\n").unwrap_err().contains("holds no row"));
    }

    #[test]
    fn a_table_as_text_keeps_the_numbers_of_its_lines() {
        let all = sheets("a.csv", b"Title\n\nRef,Date\nC-1,05/01/2026\n").unwrap();
        assert_eq!(all[0].rows[0].0, 1);
        assert_eq!(all[0].rows.last().unwrap(), &(4, vec!["C-1".to_owned(), "05/01/2026".to_owned()]));
    }
}
