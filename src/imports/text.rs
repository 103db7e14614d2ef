//! From the bytes of a file to a table: encoding, delimiter, header.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::outcome::Refusal;
use crate::platform::nearest;

/// The text of a file: by its byte-order mark, else UTF-8 where it is that, else Windows-1252 (what
/// spreadsheets save as "CSV" in this country).
///
/// With the name of the encoding, where it was taken for want of a better one.
pub(super) fn decode(bytes: &[u8]) -> (String, Option<&'static str>) {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => WINDOWS_1252,
    };
    let guessed = (encoding == WINDOWS_1252).then(|| encoding.name());
    (encoding.decode(bytes).0.into_owned(), guessed)
}

const OPEN_QUOTE: &str = "Look for a quotation mark that is not closed; rows after it cannot be told apart.";

/// A row with the line that it starts on.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub line: u64,
    cells: Vec<String>,
}

/// A table whose columns are known by name.
#[derive(Debug)]
pub(super) struct Table {
    pub file: String,
    columns: Vec<String>,
    pub rows: Vec<Row>,
}

impl Row {
    /// A row of a table that was not read from text.
    pub fn of(line: u64, cells: Vec<String>) -> Self {
        Self { line, cells }
    }

    /// The cell in this place.
    pub fn at(&self, place: usize) -> &str {
        &self.cells[place]
    }
}

impl Table {
    /// A table that was not read from text; each row has a cell for every column.
    pub fn of(file: &str, columns: &[&str], rows: Vec<Row>) -> Self {
        Self { file: file.to_owned(), columns: columns.iter().map(|c| (*c).to_owned()).collect(), rows }
    }

    /// The header of a file, to tell which of the three it is.
    pub fn header(text: &str) -> Vec<String> {
        reader(text).headers().map(|h| h.iter().map(clean).collect()).unwrap_or_default()
    }

    /// Reads a table that must have `wanted` columns, in any order, with the rows that had to be
    /// refused for their shape. `Err`: the table as a whole cannot be trusted: a column is missing, or a
    /// quotation mark swallowed an unknown number of rows.
    pub fn read(file: &str, text: &str, wanted: &[&str]) -> Result<(Self, Vec<Refusal>), Vec<Refusal>> {
        let refuse = |line, column: &str, value: &str, reason: String, remedy: &str| {
            Refusal::new(file, line, column, value, reason, remedy)
        };
        let columns: Vec<String> = Self::header(text).iter().map(|c| c.to_lowercase()).collect();
        let mut refused = Vec::new();
        for name in wanted {
            match columns.iter().filter(|c| c == name).count() {
                1 => {}
                0 => {
                    let unknown = columns.iter().map(String::as_str).filter(|c| !wanted.contains(c));
                    let meant = nearest(name, unknown).unwrap_or_default();
                    let remedy = if meant.is_empty() {
                        "Add the column, or export the file again with it.".to_owned()
                    } else {
                        format!("Did you mean it by `{meant}`? Then rename that column.")
                    };
                    refused.push(refuse(1, name, meant, "the column is missing".to_owned(), &remedy));
                }
                n => refused.push(refuse(
                    1,
                    name,
                    name,
                    format!("the column stands {n} times in the header"),
                    "Keep the one that is right and remove the others.",
                )),
            }
        }
        let (mut rows, mut misshapen) = (Vec::new(), Vec::new());
        for record in reader(text).records() {
            let record = match record {
                Ok(record) => record,
                Err(e) => {
                    let line = e.position().map_or(0, csv::Position::line);
                    refused.push(refuse(line, "", "", format!("the row cannot be read: {e}"), OPEN_QUOTE));
                    continue;
                }
            };
            let line = record.position().map_or(0, |at| line_of(text, at));
            let cells: Vec<String> = record.iter().map(clean).collect();
            if cells.iter().all(String::is_empty) {
                continue;
            }
            let control = |c: &String| c.chars().any(char::is_control);
            if let Some(cell) = cells.iter().find(|c| c.contains(['\n', '\r']) || c.len() > 2000) {
                let shown: String = cell.chars().take(40).collect();
                let reason = "a cell runs over several lines, or is far too long".to_owned();
                refused.push(refuse(line, "", &shown, reason, OPEN_QUOTE));
            } else if cells.len() != columns.len() {
                let reason =
                    format!("the row has {} cells and the header has {}", cells.len(), columns.len());
                let remedy =
                    "A cell that holds the separator must stand in quotation marks; was the file cut off?";
                // Only a cell that something follows is known to be whole.
                let place = columns.iter().position(|c| c == "conference_ref");
                let conference = place.filter(|n| n + 1 < cells.len()).and_then(|n| cells.get(n));
                let refusal = refuse(line, "", &cells[0], reason, remedy);
                misshapen.push(Refusal { conference: conference.cloned(), ..refusal });
            } else if let Some(n) = cells.iter().position(control) {
                let shown = cells[n].replace(char::is_control, "�");
                let reason = "the cell holds a control character".to_owned();
                let refusal = refuse(line, &columns[n], &shown, reason, "Write the cell anew.");
                misshapen.push(Refusal {
                    conference: columns.iter().position(|c| c == "conference_ref").map(|n| cells[n].clone()),
                    ..refusal
                });
            } else {
                rows.push(Row { line, cells });
            }
        }
        if refused.is_empty() {
            return Ok((Self { file: file.to_owned(), columns, rows }, misshapen));
        }
        refused.extend(misshapen);
        Err(refused)
    }

    /// A cell by the name of its column; empty where the table has no such column.
    pub fn cell<'a>(&self, row: &'a Row, column: &str) -> &'a str {
        let place = self.columns.iter().position(|c| c == column);
        place.map_or("", |place| row.cells[place].as_str())
    }

    /// Columns that nothing reads.
    pub fn unread<'a>(&'a self, known: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.columns.iter().map(String::as_str).filter(|c| !c.is_empty() && !known.contains(c))
    }
}

/// The line on which a record stands. The reader gives the place where the one before ended, and blank
/// lines may lie between.
fn line_of(text: &str, at: &csv::Position) -> u64 {
    let rest = text.as_bytes().get(at.byte() as usize..).unwrap_or_default();
    let blank = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n'));
    at.line() + blank.filter(|b| **b == b'\n').count() as u64
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
    let delimiter = [b',', b'\t', b';'].into_iter().max_by_key(|d| first.bytes().filter(|b| b == d).count());
    csv::ReaderBuilder::new().delimiter(delimiter.unwrap_or(b',')).flexible(true).from_reader(text.as_bytes())
}

/// A cell without the blanks around it, no-break spaces and byte-order marks included.
pub(super) fn clean(cell: &str) -> String {
    cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{a0}' | '\u{feff}' | '\u{200b}'))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_in_the_encodings_that_spreadsheets_write() {
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("Zoë".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(decode(&utf16), ("Zoë".to_owned(), None));
        assert_eq!(decode("\u{feff}Zoë".as_bytes()), ("Zoë".to_owned(), None));
        assert_eq!(decode(b"Zo\xeb \x96 x"), ("Zoë – x".to_owned(), Some("windows-1252")));
    }

    #[test]
    fn blank_rows_and_blanks_around_cells_are_passed_over() {
        let (table, _) = Table::read("f.csv", "a, b\n\n 1 ,\u{a0}2\n,\n3,4\n", &["a", "b"]).unwrap();
        let cells: Vec<_> = table.rows.iter().map(|r| (r.line, table.cell(r, "b"))).collect();
        assert_eq!(cells, [(3, "2"), (5, "4")]);
    }

    #[test]
    fn a_control_character_is_refused_with_its_column() {
        let (table, misshapen) = Table::read("f.csv", "a,b\n1,2\u{1b}[31m\n3,4\n", &["a", "b"]).unwrap();
        assert_eq!((table.rows.len(), misshapen[0].line, misshapen[0].column.as_str()), (1, 2, "b"));
        assert!(!misshapen[0].value.contains('\u{1b}'));
    }

    #[test]
    fn a_mistyped_column_is_named_with_the_one_that_was_probably_meant() {
        let refused = Table::read("f.csv", "a,attendence\n1,2\n", &["a", "attendance"]).unwrap_err();
        assert!(refused[0].remedy.contains("`attendence`"), "{refused:?}");
    }

    #[test]
    fn a_short_row_is_refused_and_an_open_quotation_mark_refuses_the_table() {
        let (table, misshapen) = Table::read("f.csv", "a,b\n1,2\n3\n6,7\n", &["a", "b"]).unwrap();
        assert_eq!((table.rows.len(), misshapen[0].line), (2, 3));
        let refused = Table::read("f.csv", "a,b\n1,2\n\"4,5\n6,7\n", &["a", "b"]).unwrap_err();
        assert_eq!(refused[0].line, 3);
    }
}
