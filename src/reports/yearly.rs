//! What of a year is published (DOMAIN 8, profile `public`): a fixed set of tables, once, added up from the months as they
//! were frozen. Whatever is amended later changes none of it: two editions of one year could be subtracted.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::close::{hexadecimal, json};
use super::disclosure::{Counted, Table, publish};
use super::entity::year_published;
use super::paper::Breakdown;
use super::year::FinancialYear;
use super::{Making, Paper, closed, edition};
use crate::agencies::AgencyGroup;
use crate::audit::{self, Actor, Event};
use crate::conferences::{ConferenceType, Locality};

/// A year as it is published. Every renderer sees this alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yearly {
    /// "2026-27".
    pub year: String,
    /// Months with a register.
    pub months: usize,
    pub tables: Vec<Table>,
}

/// The years' papers added up.
#[derive(Default)]
struct Sums {
    months: usize,
    by_type: BTreeMap<String, usize>,
    by_locality: BTreeMap<String, usize>,
    conferences: usize,
    quorate: u32,
    ended: u32,
    ended_without: u32,
    standings: [usize; 6],
    by_group: BTreeMap<String, usize>,
}

fn standings(whole: &Breakdown) -> [usize; 6] {
    [
        whole.attended,
        whole.deputised,
        whole.contributed,
        whole.left_before_decision,
        whole.apologies,
        whole.silent,
    ]
}

/// As the tables name them, in the order of `standings`.
const STANDINGS: [&str; 6] = [
    "attended",
    "deputised",
    "sent a report instead",
    "not there at the decision",
    "sent apologies",
    "absent without word",
];

impl Sums {
    fn add(&mut self, paper: &Paper) {
        let add = |sums: &mut BTreeMap<String, usize>, part: &str, count: usize| {
            *sums.entry(part.to_owned()).or_default() += count;
        };
        self.months += usize::from(paper.conferences > 0);
        self.conferences += paper.conferences;
        paper.conferences_by_type.iter().for_each(|(part, n)| add(&mut self.by_type, part, *n));
        // What was frozen tells each.
        let by_locality = paper.conferences_by_locality.iter();
        by_locality.for_each(|(part, n)| add(&mut self.by_locality, part, n.unwrap_or_default()));
        paper.by_group.iter().for_each(|(part, b)| add(&mut self.by_group, part, b.expected));
        self.quorate += paper.M7.numerator;
        self.ended += paper.M9.denominator;
        self.ended_without += paper.M9.numerator;
        for (sum, count) in self.standings.iter_mut().zip(standings(&paper.whole)) {
            *sum += count;
        }
    }

    /// Always the same tables, each with all of its parts, whatever was counted.
    fn tables(&self) -> Vec<Counted> {
        let count = |n: usize| u32::try_from(n).expect("fewer than four thousand million");
        let of =
            |sums: &BTreeMap<String, usize>, code: &str| count(sums.get(code).copied().unwrap_or_default());
        let conferences = count(self.conferences);
        let types = ConferenceType::ALL.iter().map(|t| (t.label().to_owned(), of(&self.by_type, t.code())));
        let localities =
            Locality::ALL.iter().map(|l| (l.label().to_owned(), of(&self.by_locality, l.code())));
        let groups = AgencyGroup::ALL.iter().map(|g| (g.label().to_owned(), of(&self.by_group, g.code())));
        let standings = STANDINGS.iter().zip(self.standings).map(|(name, n)| ((*name).to_owned(), count(n)));
        let two = |yes: &str, n: u32, no: &str, of: u32| vec![(yes.to_owned(), n), (no.to_owned(), of - n)];
        let table = |title, of, parts| Counted { title, of, parts };
        vec![
            table("Conferences, by type", "conferences", types.collect()),
            table("Conferences, by locality", "conferences", localities.collect()),
            table(
                "Conferences, by whether enough agencies were there for the decision",
                "conferences",
                two("quorate", self.quorate, "not quorate", conferences),
            ),
            table(
                "Children whose plan ended, by whether a core agency was missing",
                "children",
                two("with every core agency", self.ended - self.ended_without, "without one", self.ended),
            ),
            table("Invitations that count, by what came of them", "invitations", standings.collect()),
            table("Invitations that count, by group of agencies", "invitations", groups.collect()),
        ]
    }
}

/// Adds up a year. Months that were closed before they counted their conferences by type are counted in no year.
async fn added_up(making: Making<'_>, year: FinancialYear) -> Result<Yearly, DbErr> {
    let mut sums = Sums::default();
    for month in year.months() {
        let edition = edition(making, month).await?;
        let paper = &edition.snapshot.paper;
        let is_whole = paper.conferences_by_type.values().sum::<usize>() == paper.conferences;
        if edition.closed.is_some() && is_whole {
            sums.add(paper);
        }
    }
    Ok(Yearly { year: year.to_string(), months: sums.months, tables: publish(&sums.tables()) })
}

/// Working days for which no month of a year may have closed before it is published: history comes in file by file, and a
/// year is published once.
const QUIET: u32 = 20;

/// Publishes every financial year that is over, once each of its months with a register is closed, and for a while none of
/// them was. Says which.
pub async fn publish_years(making: Making<'_>) -> Result<Vec<FinancialYear>, DbErr> {
    let (db, now) = (making.db.read(), making.now);
    let mut done = Vec::new();
    for (year, newest) in closed::years_to_publish(db).await? {
        let last = year.months().last().expect("a year has months");
        let open = closed::open(db, making.newest_due()).await?;
        if making.quiet_since(last, newest) < QUIET || year.months().any(|month| open.contains(&month)) {
            continue;
        }
        let tables = json(&added_up(making, year).await?);
        let hash = Sha256::digest(&tables).to_vec();
        let payload = json!({ "hash": hexadecimal(&hash) });
        let row = year_published::Model { year: year.to_string(), published_at: now, tables, hash };
        let event = Event { action: "year.published", object: year.to_string(), payload };
        let tx = making.db.begin("publish a year").await?;
        if !closed::insert_year(&tx, row).await? {
            tx.roll_back().await?;
            continue;
        }
        audit::record(&tx, making.keys, &Actor::system("report task"), now, vec![event]).await?;
        tx.commit().await?;
        done.push(year);
    }
    Ok(done)
}

/// What was published of a year; `None` where nothing was yet.
///
/// # Errors
/// What is not as it was published is no publication.
pub async fn yearly(db: &impl ConnectionTrait, year: FinancialYear) -> Result<Option<Yearly>, DbErr> {
    let Some(row) = closed::published(db, year).await? else { return Ok(None) };
    if Sha256::digest(&row.tables).to_vec() != row.hash {
        return Err(DbErr::Custom(format!("what was published of {year} was changed since")));
    }
    let yearly = serde_json::from_str(&row.tables);
    Ok(Some(yearly.map_err(|e| DbErr::Custom(format!("what was published of {year}: {e}")))?))
}

/// The same in tidy long form: `year,table,part,count,percent`; "c" is what is not told.
pub fn yearly_csv(yearly: &Yearly) -> Result<Vec<u8>, ::csv::Error> {
    let mut out = ::csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    out.write_record(["year", "table", "part", "count", "percent"])?;
    for table in &yearly.tables {
        out.write_record([&yearly.year, &table.title, "all", &table.total.text(), ""])?;
        for part in table.parts.iter().flatten() {
            let percent = part.percent.map(|n| n.to_string()).unwrap_or_default();
            out.write_record([&yearly.year, &table.title, &part.name, &part.count.text(), &percent])?;
        }
    }
    out.into_inner().map_err(|e| ::csv::Error::from(e.into_error()))
}
