//! The rates beside attendance, by part.

use std::collections::BTreeMap;

use calamine::{Data, Reader, Xlsx};
use serde_json::Value;

use crate::both;
use crate::harness::http::Person;
use crate::harness::{Place, root};

fn sample(place: &Place) {
    let data = root().join("tests/data/oxfordshire-2026");
    place.done_at("2026-12-31T17:00:00Z", &["import", data.to_str().unwrap()]);
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().unwrap().iter()
}

fn counts(rate: &Value) -> (u64, u64) {
    (rate["numerator"].as_u64().unwrap(), rate["denominator"].as_u64().unwrap())
}

/// (split, part, measure) → its counts, as the JSON has them.
fn rates(paper: &Value) -> BTreeMap<[String; 3], (u64, u64)> {
    let mut all = BTreeMap::new();
    for (split, parts) in members(&paper["rates_by_part"]) {
        for (part, rates) in members(parts) {
            for (measure, rate) in members(rates) {
                all.insert([split.clone(), part.clone(), measure.clone()], counts(rate));
            }
        }
    }
    all
}

both! {
    async fn the_parts_of_every_split_add_up_to_the_whole_and_each_leads_to_what_is_behind_it(place: Place) {
        sample(&place);
        for month in ["2026-05", "2026-09", "2026-11"] {
            let paper = place.report(month);
            let mut sums: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
            for ([split, _, measure], (n, of)) in rates(&paper) {
                let sum = sums.entry((split, measure)).or_default();
                *sum = (sum.0 + n, sum.1 + of);
            }
            assert_eq!(sums.keys().filter(|(_, measure)| measure == "M6_on_time").count(), 9, "{month}: every split but services");
            assert_eq!(sums.keys().filter(|(_, measure)| measure == "M9").count(), 3, "{month}: those of conferences");
            for ((split, measure), sum) in &sums {
                assert_eq!(counts(&paper[measure]), *sum, "{month}: {measure} by {split}");
            }
            let told = |split: &str| paper["rates_by_part"][split].to_string();
            for split in ["locality", "agency", "group", "slot", "type", "holiday"] {
                assert!(!told(split).contains("M7") && !told(split).contains("M9"), "{split}: no conference and no child");
            }
        }
        let paper = place.report("2026-09");
        let site = place.site("2026-12-31T18:00:00Z").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let page = qa.get("/reports/2026-09").await.body;
        for ([split, part, measure], (count, _)) in rates(&paper) {
            let is_shown = matches!((split.as_str(), measure.as_str()), ("agency" | "lens" | "mode", "M5" | "M6_on_time" | "M12" | "M14"));
            if !is_shown || count == 0 {
                continue;
            }
            let link = format!("/reports/2026-09/behind?figure={measure}&{split}={part}");
            assert!(page.contains(&link) || page.contains(&link.replace('=', "&#x3D;").replace("&s", "&amp;s")) || page.contains(&link.replace('&', "&amp;").replace('=', "&#x3D;")), "{link}");
            let behind = qa.get(&link).await.body;
            let said = if count == 1 { "1 invitation.".to_owned() } else { format!("{count} invitations.") };
            assert!(behind.contains(&said), "{link}: {count}");
        }
    }

    async fn the_long_form_and_the_workbook_have_every_rate_of_every_part(place: Place) {
        sample(&place);
        let expected = rates(&place.report("2026-09"));
        let run = place.run(&["report", "--month", "2026-09", "--format", "csv"]);
        let mut csv = ::csv::Reader::from_reader(run.out.trim_start_matches('\u{feff}').as_bytes());
        let mut found = BTreeMap::new();
        for row in csv.records().map(Result::unwrap) {
            let split = if &row[2] == "agency_group" { "group" } else { &row[2] };
            let key = [split.to_owned(), row[3].to_owned(), row[1].to_owned()];
            if let (true, Ok(n), Ok(of)) = (expected.contains_key(&key), row[5].parse(), row[6].parse()) {
                found.insert(key, (n, of));
            }
        }
        assert_eq!(found, expected);

        let site = place.site("2026-12-31T18:00:00Z").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let bytes = qa.get("/reports/2026-09/figures.xlsx").await.bytes;
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
        let sheet = book.worksheet_range("Rates by part").unwrap();
        let text = |cell: &Data| cell.to_string();
        let number = |cell: &Data| cell.to_string().parse::<u64>().unwrap();
        let read: BTreeMap<[String; 3], (u64, u64)> = sheet
            .rows()
            .skip(1)
            .map(|row| ([text(&row[0]), text(&row[2]), text(&row[3])], (number(&row[5]), number(&row[6]))))
            .collect();
        assert_eq!(read.len(), expected.len());
        let values = |all: &BTreeMap<[String; 3], (u64, u64)>| {
            let mut all: Vec<_> = all.iter().map(|([_, part, measure], n)| (part.clone(), measure.clone(), *n)).collect();
            all.sort();
            all
        };
        assert_eq!(values(&read), values(&expected), "the splits are named there in words");
    }
}
