//! From the bytes of an attendance report to people with their times. The forms differ in encoding (UTF-16, UTF-8),
//! separator (tab, comma, semicolon), layout (numbered sections, one table, one row an action), and in how a date is
//! written: nothing of that is asked for, all of it is told from the file.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use encoding_rs::{Encoding, UTF_8, UTF_16LE, WINDOWS_1252};

/// Somebody in the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// As the report writes it.
    pub name: String,
    pub address: Option<String>,
    /// Each stay, in London's time: when they came, and went; unknown where they were there before or after the report.
    pub stays: Vec<(Option<NaiveDateTime>, Option<NaiveDateTime>)>,
}

impl Seen {
    /// When they first came; `None` where they were there before the report began.
    pub fn joined(&self) -> Option<NaiveDateTime> {
        self.stays.iter().map(|(joined, _)| *joined).min().flatten()
    }

    /// When they left for the last time; `None` where they were there when the report ended.
    pub fn left(&self) -> Option<NaiveDateTime> {
        let last = self.stays.last()?;
        last.1?;
        self.stays.iter().filter_map(|(_, left)| *left).max()
    }
}

/// Why a file cannot be used: what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error(
        "This is not an attendance report of Teams: no row in it names the columns for a name and a time. In Teams, open the meeting's Attendance tab and choose Download."
    )]
    NoTable,
    #[error(
        "Row {0}: \"{1}\" is not a date and time that can be read. Download the report again from Teams, and do not save it in a spreadsheet first."
    )]
    Time(usize, String),
    #[error(
        "The report is of {0}, and this conference was on another day. Choose the report of this meeting."
    )]
    OtherDay(String),
    #[error("Nobody is in this report.")]
    Nobody,
}

fn decode(bytes: &[u8]) -> String {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        // UTF-16 that lost its mark: every other byte of plain letters is nought.
        None if bytes.len() > 3 && bytes[1] == 0 && bytes[3] == 0 => UTF_16LE,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => WINDOWS_1252,
    };
    // A narrow blank stands before AM and PM in newer files.
    encoding.decode(bytes).0.replace(['\u{202f}', '\u{a0}', '\u{200e}', '\u{200f}'], " ")
}

/// The cells of each line, by the separator that the line with the column names has.
fn rows(text: &str) -> Vec<Vec<String>> {
    let count = |separator: char| text.lines().map(|line| line.matches(separator).count()).max().unwrap_or(0);
    let separator =
        match ['\t', ';', ','].into_iter().find(|s| count(*s) >= 2 && (*s != ';' || count(';') > 2)) {
            Some(separator) => separator as u8,
            None => b',',
        };
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).flexible(true).delimiter(separator);
    // Line by line: a quotation mark in a name must not swallow the rest.
    let line = |line: &str| -> Vec<String> {
        let mut one = reader.quoting(separator != b'\t').from_reader(line.as_bytes());
        let record = one.records().next().and_then(Result::ok);
        record.map(|r| r.iter().map(|c| c.trim().to_owned()).collect()).unwrap_or_default()
    };
    text.lines().map(line).collect()
}

/// Which column holds what.
#[derive(Clone, Copy, Debug, Default)]
struct Columns {
    name: usize,
    joined: Option<usize>,
    left: Option<usize>,
    action: Option<usize>,
    at: Option<usize>,
    address: Option<usize>,
    account: Option<usize>,
}

fn columns(header: &[String]) -> Option<Columns> {
    let header: Vec<String> = header.iter().map(|h| h.to_lowercase()).collect();
    let find = |names: &[&str]| header.iter().position(|h| names.contains(&h.as_str()));
    let columns = Columns {
        name: find(&["name", "full name", "participant", "participant name", "attendee"])?,
        joined: find(&["first join", "join time", "first join time", "joined", "joined at", "join"]),
        left: find(&["last leave", "leave time", "last leave time", "left", "left at", "leave"]),
        action: find(&["user action", "action"]),
        at: find(&["timestamp", "time"]),
        address: find(&["email", "e-mail", "email address", "mail"]),
        account: find(&["participant id (upn)", "upn", "user principal name", "participant id"]),
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

/// The row of column names and what it means: of the section with every single stay, if there is one; of a section in
/// another language, by its place.
fn table(rows: &[Vec<String>]) -> Option<(usize, Columns)> {
    let by_place = Columns { joined: Some(1), left: Some(2), address: Some(4), ..Columns::default() };
    let header_of = |wanted: u32| {
        let at = rows.iter().position(|row| section(row) == Some(wanted))?;
        let next = rows[at + 1..].iter().position(|row| row.iter().any(|cell| !cell.is_empty()))?;
        let header = at + 1 + next;
        (rows[header].len() >= 4).then(|| (header, columns(&rows[header]).unwrap_or(by_place)))
    };
    let named = || {
        let found = rows.iter().enumerate().find_map(|(n, row)| columns(row).map(|c| (n, c)));
        found.filter(|(n, _)| rows.len() > n + 1)
    };
    header_of(3).or_else(|| header_of(2)).or_else(named)
}

/// How dates are written in a file.
const ORDERS: [&[&str]; 3] = [
    &["%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y"],
    &["%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y"],
    &["%Y-%m-%d", "%Y/%m/%d"],
];

fn moment(text: &str, order: &[&str]) -> Option<NaiveDateTime> {
    let text = text.replace(['T', ','], " ");
    let mut parts = text.split_whitespace();
    let day = parts.next()?;
    let time = parts
        .collect::<Vec<_>>()
        .join(" ")
        .to_uppercase()
        .replace(". ", ".")
        .replace("A.M.", "AM")
        .replace("P.M.", "PM");
    let time = time.trim_end_matches('Z');
    let day = order.iter().find_map(|form| {
        // %Y would take "26" for the year 26.
        let long = form.contains("%Y");
        let year = day.rsplit(['/', '.', '-']).next().map_or(0, str::len);
        let fits = form.starts_with("%Y") || (year == 4) == long;
        NaiveDate::parse_from_str(day, form).ok().filter(|_| fits)
    })?;
    let forms = ["%H:%M:%S", "%I:%M:%S %p", "%H:%M", "%I:%M %p", "%H.%M.%S"];
    let time = forms.iter().find_map(|form| NaiveTime::parse_from_str(time, form).ok())?;
    Some(day.and_time(time))
}

/// What one row says.
struct Line {
    name: String,
    address: Option<String>,
    joined: Option<String>,
    left: Option<String>,
    row: usize,
}

/// Reads a report of a meeting on this day (London's).
pub fn read(bytes: &[u8], day: NaiveDate) -> Result<Vec<Seen>, Unusable> {
    let rows = rows(&decode(bytes));
    let (header, of) = table(&rows).ok_or(Unusable::NoTable)?;
    let mut lines = Vec::new();
    for (n, row) in rows.iter().enumerate().skip(header + 1) {
        let cell = |place: Option<usize>| {
            place.and_then(|place| row.get(place)).filter(|cell| !cell.is_empty()).cloned()
        };
        let Some(name) = cell(Some(of.name)) else { break };
        if section(row).is_some() {
            break;
        }
        let is_address = |text: &String| text.contains('@');
        let address = cell(of.address).filter(is_address).or(cell(of.account).filter(is_address));
        let (joined, left) = match of.action {
            None => (cell(of.joined), cell(of.left)),
            Some(action) => match cell(Some(action)).unwrap_or_default().to_lowercase() {
                action if action.starts_with("left") => (None, cell(of.at)),
                action if action.ends_with("before") => (None, None),
                _ => (cell(of.at), None),
            },
        };
        lines.push(Line { name, address, joined, left, row: n + 1 });
    }
    if lines.is_empty() {
        return Err(Unusable::Nobody);
    }
    let stamps: Vec<(&str, usize)> = lines
        .iter()
        .flat_map(|line| {
            [&line.joined, &line.left].into_iter().flatten().map(|text| (text.as_str(), line.row))
        })
        .collect();
    // One order for the whole file: the one in which every stamp is a date, and on the day of the conference.
    let reads =
        |order: &[&str]| stamps.iter().map(|(text, _)| moment(text, order)).collect::<Option<Vec<_>>>();
    let readable: Vec<(&[&str], Vec<NaiveDateTime>)> =
        ORDERS.iter().filter_map(|order| reads(order).map(|all| (*order, all))).collect();
    let on_the_day = |all: &[NaiveDateTime]| all.iter().any(|at| at.date() == day);
    let order = match readable.iter().find(|(_, all)| all.is_empty() || on_the_day(all)) {
        Some((order, _)) => *order,
        None => match readable.first() {
            Some((_, all)) => {
                return Err(Unusable::OtherDay(crate::calendar::london::long_date(all[0].date())));
            }
            None => {
                let wrong = stamps.iter().find(|(text, _)| ORDERS.iter().all(|o| moment(text, o).is_none()));
                let (text, row) = wrong.or(stamps.first()).copied().unwrap_or_default();
                return Err(Unusable::Time(row, text.to_owned()));
            }
        },
    };
    let at = |text: &Option<String>| text.as_deref().and_then(|text| moment(text, order));
    let mut people: Vec<Seen> = Vec::new();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    for line in &lines {
        let who = line.address.as_ref().unwrap_or(&line.name).to_lowercase();
        let n = *place.entry(who).or_insert_with(|| {
            people.push(Seen { name: line.name.clone(), address: line.address.clone(), stays: Vec::new() });
            people.len() - 1
        });
        let (joined, left) = (at(&line.joined), at(&line.left));
        let stays = &mut people[n].stays;
        // In a list of actions, a leaving ends the stay that is open.
        match stays.last_mut().filter(|_| of.action.is_some() && joined.is_none() && left.is_some()) {
            Some(open) if open.1.is_none() => open.1 = left,
            _ => stays.push((joined, left)),
        }
    }
    for seen in &mut people {
        seen.stays.sort();
    }
    Ok(people)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "2026-10-21";

    fn of(text: &str) -> Result<Vec<Seen>, Unusable> {
        read(text.as_bytes(), DAY.parse().unwrap())
    }

    fn times(seen: &Seen) -> (String, String) {
        let text =
            |at: Option<NaiveDateTime>| at.map(|at| at.format("%H:%M").to_string()).unwrap_or_default();
        (text(seen.joined()), text(seen.left()))
    }

    #[test]
    fn month_first_and_day_first_are_told_by_the_day_of_the_conference() {
        for stamp in [
            "10/21/2026, 9:26:10 AM",
            "21/10/2026, 09:26:10",
            "21/10/26, 09:26:10",
            "2026-10-21 09:26:10",
            "21.10.2026, 09:26:10",
            "10/21/26, 9:26:10\u{202f}AM",
        ] {
            let seen = of(&format!("Full Name\tJoin Time\tLeave Time\nAnn\t{stamp}\t{stamp}\n")).unwrap();
            assert_eq!(times(&seen[0]).0, "09:26", "{stamp}");
        }
        let both = read(
            b"Name,Join time,Leave time\nAnn,\"03/04/2026, 09:00:00\",\"03/04/2026, 10:00:00\"\n",
            "2026-03-04".parse().unwrap(),
        )
        .unwrap();
        assert_eq!(
            both[0].joined().unwrap().date(),
            "2026-03-04".parse().unwrap(),
            "the third of April is another day"
        );
    }

    #[test]
    fn a_report_of_another_day_or_of_something_else_is_refused_with_what_to_do() {
        let other = of("Full Name\tJoin Time\tLeave Time\nAnn\t05/11/2026, 09:26:10\t05/11/2026, 10:26:10\n");
        assert!(matches!(&other, Err(Unusable::OtherDay(_))), "{other:?}");
        assert_eq!(of("conference_ref,conference_date\nC-1,2026-10-21\n"), Err(Unusable::NoTable));
        assert_eq!(of(""), Err(Unusable::NoTable));
        let wrong = of("Full Name\tJoin Time\tLeave Time\nAnn\thalf past nine\t\n");
        assert_eq!(wrong, Err(Unusable::Time(2, "half past nine".into())));
        assert_eq!(of("Full Name\tJoin Time\tLeave Time\n\t\t\n"), Err(Unusable::Nobody));
    }

    #[test]
    fn sections_in_another_language_are_read_by_their_place_and_several_joins_are_one_person() {
        let seen = of("1. Zusammenfassung\nTitel\tX\n\n2. Teilnehmer\nName\tErster Beitritt\tLetztes Verlassen\tDauer\tE-Mail\nAnn Lee\t21.10.26, 09:00:00\t21.10.26, 11:00:00\t2 h\tann@nhs.uk\n\n3. Aktivitäten\nName\tBeitritt\tVerlassen\tDauer\tE-Mail\nAnn Lee\t21.10.26, 09:00:00\t21.10.26, 09:30:00\t30 min\tann@nhs.uk\nAnn Lee\t21.10.26, 10:00:00\t21.10.26, 11:00:00\t1 h\tANN@nhs.uk\n").unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].stays.len(), times(&seen[0])), (2, ("09:00".into(), "11:00".into())));
    }

    #[test]
    fn commas_inside_a_quoted_name_do_not_shift_its_times() {
        let seen = of("Name,First join,Last leave,In-meeting duration,Email\n\"Smith, Jo (Oxford Health)\",\"21/10/2026, 09:00:00\",\"21/10/2026, 10:00:00\",1h,\n").unwrap();
        assert_eq!(
            (seen[0].name.as_str(), times(&seen[0])),
            ("Smith, Jo (Oxford Health)", ("09:00".into(), "10:00".into()))
        );
    }
}
