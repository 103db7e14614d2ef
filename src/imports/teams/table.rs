//! The table of a report: its encoding, its separator, its sections, its columns.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::reading::Unusable;

pub(super) fn decode(bytes: &[u8]) -> String {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        // UTF-16 that lost its mark: every other byte of plain letters is nought.
        None if bytes.len() > 3 && bytes[1] == 0 && bytes[3] == 0 => UTF_16LE,
        None if bytes.len() > 3 && bytes[0] == 0 && bytes[2] == 0 => UTF_16BE,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => WINDOWS_1252,
    };
    // A narrow blank stands before AM and PM in newer files.
    encoding.decode(bytes).0.replace(['\u{202f}', '\u{a0}', '\u{200e}', '\u{200f}'], " ")
}

/// The cells of each line. Line by line: a quotation mark in a name must not swallow the rest.
pub(super) fn rows(text: &str, separator: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).flexible(true).delimiter(separator);
    let line = |line: &str| -> Vec<String> {
        let mut one = reader.quoting(separator != b'\t').from_reader(line.as_bytes());
        let record = one.records().next().and_then(Result::ok);
        let clean = |cell: &str| {
            let cell = cell.trim();
            cell.strip_prefix('"').and_then(|c| c.strip_suffix('"')).unwrap_or(cell).to_owned()
        };
        record.map(|r| r.iter().map(clean).collect()).unwrap_or_default()
    };
    text.lines().map(line).collect()
}

/// Which column holds what.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Columns {
    pub name: usize,
    pub joined: Option<usize>,
    pub left: Option<usize>,
    pub action: Option<usize>,
    pub at: Option<usize>,
    pub address: Option<usize>,
    pub account: Option<usize>,
    /// The times are in UTC.
    pub utc: bool,
}

fn columns(header: &[String]) -> Option<Columns> {
    let utc = header.iter().any(|h| h.to_lowercase().contains("(utc)"));
    let header: Vec<String> =
        header.iter().map(|h| h.to_lowercase().replace("(utc)", "").trim().to_owned()).collect();
    let find = |names: &[&str]| header.iter().position(|h| names.contains(&h.as_str()));
    let columns = Columns {
        name: find(&["name", "full name", "participant", "participant name", "attendee"])?,
        joined: find(&["first join", "join time", "first join time", "joined", "joined at", "join"]),
        left: find(&["last leave", "leave time", "last leave time", "left", "left at", "leave"]),
        action: find(&["user action", "action"]),
        at: find(&["timestamp", "time"]),
        address: find(&["email", "e-mail", "email address", "mail"]),
        account: find(&["participant id (upn)", "upn", "user principal name", "participant id"]),
        utc,
    };
    (columns.joined.is_some() || columns.action.is_some() && columns.at.is_some()).then_some(columns)
}

/// The heading of a numbered section: "3. In-meeting activities", in whatever language.
fn section(row: &[String]) -> Option<u32> {
    let text = row.first()?;
    let (number, title) = text.split_once('.')?;
    let alone = row.iter().skip(1).all(String::is_empty);
    (alone && !title.trim().is_empty()).then(|| number.trim().parse().ok()).flatten()
}

/// The rows of column names and what they mean: of the section with every single stay and of the one with every
/// person, where there are such; of a section in another language, by its place.
pub(super) fn tables(rows: &[Vec<String>]) -> Vec<(usize, Columns)> {
    let by_place = Columns { joined: Some(1), left: Some(2), address: Some(4), ..Columns::default() };
    let header_of = |wanted: u32| {
        let at = rows.iter().position(|row| section(row) == Some(wanted))?;
        let next = rows[at + 1..].iter().position(|row| row.iter().any(|cell| !cell.is_empty()))?;
        let header = at + 1 + next;
        (rows[header].len() >= 4).then(|| (header, columns(&rows[header]).unwrap_or(by_place)))
    };
    let sections: Vec<_> = [3, 2].into_iter().filter_map(header_of).collect();
    if !sections.is_empty() {
        return sections;
    }
    rows.iter().enumerate().find_map(|(n, row)| columns(row).map(|c| (n, c))).into_iter().collect()
}

/// What one row says.
pub(super) struct Line {
    pub name: String,
    pub address: Option<String>,
    pub joined: Option<String>,
    pub left: Option<String>,
    pub row: usize,
}

impl Line {
    pub fn who(&self) -> String {
        self.address.as_ref().unwrap_or(&self.name).to_lowercase()
    }
}

pub(super) fn lines(rows: &[Vec<String>], header: usize, of: Columns) -> Result<Vec<Line>, Unusable> {
    let mut lines = Vec::new();
    for (n, row) in rows.iter().enumerate().skip(header + 1) {
        if section(row).is_some() {
            break;
        }
        let cell = |place: Option<usize>| {
            place.and_then(|place| row.get(place)).filter(|cell| !cell.is_empty() && *cell != "-").cloned()
        };
        let Some(name) = cell(Some(of.name)) else { continue };
        let is_address = |text: &String| text.contains('@');
        let address = cell(of.address).filter(is_address).or(cell(of.account).filter(is_address));
        let (joined, left) = match of.action {
            None => (cell(of.joined), cell(of.left)),
            Some(action) => match cell(Some(action)).unwrap_or_default().to_lowercase() {
                action if action.starts_with("left") => (None, cell(of.at)),
                action if action == "joined before" => (None, None),
                action if action.starts_with("joined") => (cell(of.at), None),
                action => return Err(Unusable::Action(n + 1, action)),
            },
        };
        lines.push(Line { name, address, joined, left, row: n + 1 });
    }
    Ok(lines)
}
