//! From the bytes of an attendance report to people with their times. The forms differ in encoding (UTF-16, UTF-8),
//! separator (tab, comma, semicolon), layout (numbered sections, one table, one row an action), and in how a date is
//! written: nothing of that is asked for, all of it is told from the file.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{Line, decode, lines, rows, tables};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

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

/// When somebody came and went, as a register has it. A stay that does not cover the decision does not become one that
/// does: whoever was away at it left before it, or came after.
pub fn as_facts(
    seen: &Seen,
    decision: Option<NaiveDateTime>,
) -> (Option<NaiveDateTime>, Option<NaiveDateTime>) {
    let covers = |at: NaiveDateTime| {
        seen.stays.iter().any(|(joined, left)| joined.is_none_or(|j| j <= at) && left.is_none_or(|l| l >= at))
    };
    let Some(at) = decision.filter(|at| !covers(*at)) else { return (seen.joined(), seen.left()) };
    let before: Vec<_> = seen.stays.iter().filter(|(_, left)| left.is_some_and(|l| l < at)).collect();
    match before.last() {
        Some((_, left)) => (before[0].0, *left),
        None => (seen.joined(), seen.left()),
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
    #[error(
        "The report is of a meeting from {0} to {1}, and this conference began at {2}. Choose the report of this meeting."
    )]
    OtherTime(String, String, String),
    #[error(
        "Row {0}: \"{1}\" is none of the actions that Teams writes in English. Download the report in the newer form, with its three numbered sections."
    )]
    Action(usize, String),
    #[error("Nobody is in this report.")]
    Nobody,
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
        let first = day.split(['/', '.', '-']).next().map_or(0, str::len);
        let fits = if form.starts_with("%Y") { first == 4 } else { (year == 4) == long };
        NaiveDate::parse_from_str(day, form).ok().filter(|_| fits)
    })?;
    // Minutes have two digits: "13:4" is the end of a file that was cut off.
    let minutes =
        time.split([':', '.']).nth(1).map_or(0, |m| m.chars().take_while(char::is_ascii_digit).count());
    if minutes != 2 {
        return None;
    }
    let forms = ["%H:%M:%S", "%I:%M:%S %p", "%H:%M", "%I:%M %p", "%H.%M.%S"];
    let time = forms.iter().find_map(|form| NaiveTime::parse_from_str(time, form).ok())?;
    Some(day.and_time(time))
}

/// How the dates of a file are written: one order for all, in which every stamp is a date, and some are of the day of
/// the conference. Month first only where something else in the file speaks for it.
fn order_of(stamps: &[(String, usize)], day: NaiveDate) -> Result<&'static [&'static str], Unusable> {
    let reads =
        |order: &[&str]| stamps.iter().map(|(text, _)| moment(text, order)).collect::<Option<Vec<_>>>();
    let twelve = stamps.iter().any(|(text, _)| text.to_uppercase().trim_end_matches('.').ends_with('M'));
    let day_first = reads(ORDERS[0]).is_some();
    let readable: Vec<(&'static [&'static str], Vec<NaiveDateTime>)> = ORDERS
        .iter()
        .enumerate()
        .filter(|(n, _)| *n != 1 || twelve || !day_first)
        .filter_map(|(_, order)| reads(order).map(|all| (*order, all)))
        .collect();
    let on_the_day = |all: &[NaiveDateTime]| all.is_empty() || all.iter().any(|at| at.date() == day);
    if let Some((order, _)) = readable.iter().find(|(_, all)| on_the_day(all)) {
        return Ok(order);
    }
    if let Some((_, all)) = readable.first() {
        return Err(Unusable::OtherDay(crate::calendar::london::long_date(all[0].date())));
    }
    let wrong = stamps.iter().find(|(text, _)| ORDERS.iter().all(|o| moment(text, o).is_none()));
    let (text, row) = wrong.or(stamps.first()).cloned().unwrap_or_default();
    Err(Unusable::Time(row, text))
}

/// The stays that are of this day: from before it, or past it, is from the beginning, or to the end.
fn of_the_day(
    (joined, left): (Option<NaiveDateTime>, Option<NaiveDateTime>),
    day: NaiveDate,
) -> Option<(Option<NaiveDateTime>, Option<NaiveDateTime>)> {
    let is_of_it = joined.is_none_or(|at| at.date() <= day) && left.is_none_or(|at| at.date() >= day);
    let on = |at: &NaiveDateTime| at.date() == day;
    is_of_it.then(|| (joined.filter(on), left.filter(on)))
}

/// A report: its people, and when the last of them left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub people: Vec<Seen>,
    pub ends: Option<NaiveDateTime>,
}

/// Reads the report of a meeting that began at this moment (London's).
pub fn read(bytes: &[u8], starts: NaiveDateTime) -> Result<Report, Unusable> {
    let text = decode(bytes);
    let day = starts.date();
    // The separator is the one by which there are columns.
    let by = |separator: u8| {
        let rows = rows(&text, separator);
        let tables = tables(&rows);
        (!tables.is_empty()).then_some((rows, tables))
    };
    let (rows, tables) = [b'\t', b';', b','].into_iter().find_map(by).ok_or(Unusable::NoTable)?;
    let of = tables[0].1;
    let mut all: Vec<Line> = Vec::new();
    for (header, columns) in tables {
        let more = lines(&rows, header, columns)?;
        // Who is in the list of people and not in that of stays came all the same.
        let known: BTreeSet<String> = all.iter().map(Line::who).collect();
        let names: BTreeSet<String> = all.iter().map(|line| line.name.to_lowercase()).collect();
        all.extend(
            more.into_iter()
                .filter(|line| !known.contains(&line.who()) && !names.contains(&line.name.to_lowercase())),
        );
    }
    if all.is_empty() {
        return Err(Unusable::Nobody);
    }
    let stamps: Vec<(String, usize)> = all
        .iter()
        .flat_map(|line| {
            [&line.joined, &line.left].into_iter().flatten().map(|text| (text.clone(), line.row))
        })
        .collect();
    let order = order_of(&stamps, day)?;
    let at = |text: &Option<String>| {
        let at = moment(text.as_deref()?, order)?;
        Some(if of.utc { crate::calendar::london::local(at.and_utc()) } else { at })
    };
    let mut people: Vec<Seen> = Vec::new();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    for line in &all {
        let n = *place.entry(line.who()).or_insert_with(|| {
            people.push(Seen { name: line.name.clone(), address: line.address.clone(), stays: Vec::new() });
            people.len() - 1
        });
        let (joined, left) = (at(&line.joined), at(&line.left));
        let stays = &mut people[n].stays;
        if of.action.is_some() && joined.is_none() && left.is_some() {
            // A leaving ends the newest stay that is open; one that nothing began was begun before the report.
            match stays.iter().rposition(|stay| stay.1.is_none()) {
                Some(open) => stays[open].1 = left,
                None if stays.is_empty() => stays.push((None, left)),
                None => {}
            }
        } else {
            stays.push((joined, left));
        }
    }
    for seen in &mut people {
        seen.stays = seen.stays.iter().filter_map(|stay| of_the_day(*stay, day)).collect();
        seen.stays.sort();
    }
    people.retain(|seen| !seen.stays.is_empty());
    let ends = people.iter().flat_map(|seen| seen.stays.iter().filter_map(|(_, left)| *left)).max();
    let begins = people.iter().flat_map(|seen| seen.stays.iter().filter_map(|(joined, _)| *joined)).min();
    let clock = |at: NaiveDateTime| at.format("%H:%M").to_string();
    let late = begins.filter(|at| *at > starts + TimeDelta::hours(LATEST));
    let early = ends.filter(|at| *at <= starts);
    if late.or(early).is_some() {
        let said = |at: Option<NaiveDateTime>| at.map(clock).unwrap_or_else(|| "an unknown time".to_owned());
        return Err(Unusable::OtherTime(said(begins), said(ends), clock(starts)));
    }
    match people.is_empty() {
        true => Err(Unusable::Nobody),
        false => Ok(Report { people, ends }),
    }
}

/// A report that begins so many hours after the conference is of another meeting.
const LATEST: i64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const STARTS: &str = "2026-10-21T09:20:00";

    fn of(text: &str) -> Result<Vec<Seen>, Unusable> {
        read(text.as_bytes(), STARTS.parse().unwrap()).map(|report| report.people)
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
        let both = |stamp: &str| {
            read(
                format!("Name,Join time,Leave time\nAnn,\"{stamp}\",\"{stamp}\"\n").as_bytes(),
                "2026-03-04T08:30:00".parse().unwrap(),
            )
        };
        assert!(both("04/03/2026, 09:00:00").is_ok());
        assert!(both("3/4/2026, 9:00:00 AM").is_ok());
        assert!(
            matches!(both("03/04/2026, 09:00:00"), Err(Unusable::OtherDay(_))),
            "the third of April, as people write it here"
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
        let cut_off = of("Full Name\tJoin Time\tLeave Time\nAnn\t21/10/2026, 09:26\t21/10/2026, 10:4");
        assert!(matches!(cut_off, Err(Unusable::Time(2, _))), "{cut_off:?}");
        let morning = of("Full Name\tJoin Time\tLeave Time\nAnn\t21/10/2026, 08:00\t21/10/2026, 09:00\n");
        assert!(matches!(morning, Err(Unusable::OtherTime(..))), "another meeting of the day: {morning:?}");
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

    #[test]
    fn a_stay_of_another_day_is_none_and_times_in_utc_are_londons() {
        let seen = of("Name,Join time,Leave time\nAnn,\"20/10/2026, 17:00\",\"20/10/2026, 17:05\"\nAnn,\"21/10/2026, 09:25\",\"21/10/2026, 10:40\"\nBo,\"20/10/2026, 17:00\",\"20/10/2026, 17:05\"\n").unwrap();
        assert_eq!((seen.len(), times(&seen[0])), (1, ("09:25".into(), "10:40".into())));
        let seen =
            of("Name,First Join (UTC),Last Leave (UTC)\nAnn,\"21/10/2026, 08:25\",\"21/10/2026, 09:40\"\n")
                .unwrap();
        assert_eq!(times(&seen[0]), ("09:25".into(), "10:40".into()), "summer time");
    }

    #[test]
    fn two_devices_are_one_stay_and_nobody_is_lost_between_two_sections() {
        let seen = of("Full Name\tUser Action\tTimestamp\nAnn\tJoined\t21/10/2026, 10:10\nAnn\tJoined\t21/10/2026, 10:12\nAnn\tLeft\t21/10/2026, 11:00\nAnn\tLeft\t21/10/2026, 11:01\n").unwrap();
        assert_eq!(times(&seen[0]), ("10:10".into(), "11:01".into()));
        let seen = of("2. Participants\nName\tFirst join\tLast leave\tDuration\tEmail\nAnn\t21/10/26, 09:20\t21/10/26, 11:00\t1h\tann@nhs.uk\nBo\t21/10/26, 09:21\t21/10/26, 11:00\t1h\t\n\n3. In-meeting activities\nName\tJoin time\tLeave time\tDuration\tEmail\nAnn\t21/10/26, 09:20\t21/10/26, 11:00\t1h\tann@nhs.uk\n").unwrap();
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn whoever_was_away_at_the_decision_was_not_there_at_it() {
        let seen = of("Name,Join time,Leave time\nAnn,\"21/10/2026, 09:25\",\"21/10/2026, 10:30\"\nAnn,\"21/10/2026, 10:50\",\"21/10/2026, 11:00\"\n").unwrap();
        let at = |text: &str| Some(format!("2026-10-21T{text}:00").parse().unwrap());
        assert_eq!(as_facts(&seen[0], at("10:40")), (at("09:25"), at("10:30")));
        assert_eq!(as_facts(&seen[0], at("10:55")), (at("09:25"), at("11:00")));
        assert_eq!(as_facts(&seen[0], None), (at("09:25"), at("11:00")));
    }
}
