//! The page of a year as it is published.

use serde::Serialize;

use crate::reports::Yearly;
use crate::reports::words::capital;
use crate::web::Page;

#[derive(Serialize)]
struct PartRow {
    name: String,
    count: String,
    percent: String,
}

#[derive(Serialize)]
struct PublicTable {
    title: String,
    unit: String,
    total: String,
    rows: Vec<PartRow>,
    withheld: bool,
}

/// The page of a year.
#[derive(Serialize)]
pub struct PublicPage {
    year: String,
    /// Nothing is published of it yet.
    waits: bool,
    months: usize,
    downloads: bool,
    tables: Vec<PublicTable>,
}

impl PublicPage {
    /// `downloads`: it stands in the browser, and not alone.
    pub fn of(yearly: Option<&Yearly>, year: &str, downloads: bool) -> Self {
        let tables = yearly.into_iter().flat_map(|yearly| &yearly.tables).map(|table| PublicTable {
            title: table.title.clone(),
            unit: capital(&table.of),
            total: table.total.text(),
            rows: table
                .parts
                .iter()
                .flatten()
                .map(|part| PartRow {
                    name: capital(&part.name),
                    count: part.count.text(),
                    percent: part.percent.map_or(String::new(), |percent| format!("{percent}%")),
                })
                .collect(),
            withheld: table.parts.is_none(),
        });
        Self {
            year: year.to_owned(),
            waits: yearly.is_none(),
            months: yearly.map_or(0, |yearly| yearly.months),
            downloads,
            tables: tables.collect(),
        }
    }
}

impl Page for PublicPage {
    const TEMPLATE: &'static str = "reports/public";
    fn title(&self) -> String {
        format!("Attendance at child protection conferences, {}", self.year)
    }
}
