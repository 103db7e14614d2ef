//! The figures beside attendance, by part, and what is behind each figure of the page.

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

/// (split, part, count) → how many, as the JSON has them.
fn parts_of_counts(paper: &Value) -> BTreeMap<[String; 3], u64> {
    let mut all = BTreeMap::new();
    for (split, parts) in members(&paper["counts_by_part"]) {
        for (part, counts) in members(parts) {
            for (figure, n) in members(counts) {
                all.insert([split.clone(), part.clone(), figure.clone()], n.as_u64().unwrap());
            }
        }
    }
    all
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
            assert_eq!(sums.keys().filter(|(_, measure)| measure == "M6_on_time").count(), 10, "{month}: every split");
            assert_eq!(sums.keys().filter(|(_, measure)| measure == "M9").count(), 3, "{month}: those of conferences");
            // Of services those alone stand there that were expected five times.
            for ((split, measure), sum) in sums.iter().filter(|((split, _), _)| split != "service") {
                assert_eq!(counts(&paper[measure]), *sum, "{month}: {measure} by {split}");
            }
            let mut totals: BTreeMap<(String, String), u64> = BTreeMap::new();
            for ([split, _, figure], n) in parts_of_counts(&paper) {
                *totals.entry((split, figure)).or_default() += n;
            }
            let whole = |figure: &str| match figure.split_once('_') {
                Some((measure @ ("M11" | "M13" | "M16"), rest)) => paper[measure][rest].as_u64().unwrap(),
                _ => paper[figure].as_u64().unwrap(),
            };
            for ((split, figure), sum) in totals.iter().filter(|((split, _), _)| split != "service") {
                assert_eq!(whole(figure), *sum, "{month}: {figure} by {split}");
            }
            let is_split = |split: &str, figure: &str| totals.contains_key(&(split.to_owned(), figure.to_owned()));
            for (split, figure) in [("agency", "M13_late"), ("service", "feedback_due"), ("lens", "M8_proceeded_inquorate"), ("mode", "M10_pivotal"), ("locality", "M13_late")] {
                assert!(is_split(split, figure), "{month}: {figure} by {split}");
            }
            let told = |split: &str| paper["rates_by_part"][split].to_string();
            for split in ["locality", "agency", "group", "slot", "type", "holiday"] {
                assert!(!told(split).contains("M7") && !told(split).contains("M9"), "{split}: no conference and no child");
                let told = paper["counts_by_part"][split].to_string();
                assert!(!told.contains("M8") && !told.contains("M9") && !told.contains("M11"), "{split}: no conference and no child");
                let of_agencies = matches!(split, "agency" | "group");
                assert!(of_agencies || !told.contains("M10"), "{split}: a pivotal absence tells that a conference was inquorate");
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

    async fn every_kind_of_figure_of_a_month_and_of_a_quarter_leads_to_the_invitations_behind_it(place: Place) {
        sample(&place);
        let site = place.site("2026-12-31T18:00:00Z").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut member = Person::with_role(&place, &site, "paqa_member").await;
        for at in ["/reports/2026-09", "/reports/over/2026-27-q2"] {
            let page = qa.get(at).await.body;
            let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
            let links = links.map(|link| link.replace("&#x3D;", "=").replace("&amp;", "&"));
            // One of each figure in each split: there are hundreds.
            let mut kinds: BTreeMap<String, String> = BTreeMap::new();
            for link in links.filter(|link| link.contains("/behind?")) {
                let query = link.split_once('?').unwrap().1;
                let kind = query.split('&').map(|pair| match pair.split_once('=').unwrap() {
                    ("figure", figure) => figure.to_owned(),
                    (split, _) => split.to_owned(),
                });
                kinds.entry(kind.collect::<Vec<_>>().join(" ")).or_insert(link);
            }
            for kind in [
                "M1", "M9", "M2 agency", "M2 slot", "M4 locality", "M9 agency", "M9b agency",
                "impact_short_of_quorum", "M13_late agency", "feedback_due agency", "M8_proceeded_inquorate lens",
                "M10_pivotal mode", "M11 lens", "M3 service",
            ] {
                assert!(kinds.contains_key(kind), "{at}: {kind} of {:?}", kinds.keys());
            }
            assert!(kinds.keys().any(|kind| kind.starts_with("M8_by_reason_")), "{at}");
            // Of the quarter, which is three months to count each time, each figure once.
            let mut figures = std::collections::BTreeSet::new();
            let is_month = at == "/reports/2026-09";
            for (kind, link) in kinds.iter().filter(|(kind, _)| figures.insert(kind.split(' ').next().unwrap().to_owned()) || is_month) {
                assert!(link.starts_with(at), "{link}");
                let behind = qa.get(link).await;
                assert_eq!(behind.status, 200, "{kind}: {link}");
                assert!(!behind.body.contains("No invitation is behind this figure"), "{kind}: {link}");
            }
            assert_eq!(member.get(&format!("{at}/behind?figure=M1")).await.status, 403);
        }
        let back = qa.get("/reports/over/2026-27-q2/behind?figure=M15").await.body;
        assert!(back.contains("June 2026 to August 2026"), "a quarter's letters are about the months before each of its own");
        assert_eq!(qa.get("/reports/over/2026-09/behind?figure=M1").await.status, 404);
        assert_eq!(qa.get("/reports/2026-09/behind?figure=impact_none").await.status, 404);
    }

    async fn the_workbook_draws_the_limits_of_chance_that_its_columns_have(place: Place) {
        sample(&place);
        place.done_at("2027-01-15T09:00:00Z", &["run-task", "report"]);
        let site = place.site("2027-01-15T10:00:00Z").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let paper = place.report("2026-12");
        let months: Vec<(f64, f64)> = paper["series"].as_array().unwrap().iter().map(|month| counts(&month["rates"]["M2"])).map(|(n, of)| (n as f64, of as f64)).collect();
        assert_eq!(months.len(), 12);
        let (n, of) = months.iter().fold((0.0, 0.0), |(n, of), month| (n + month.0, of + month.1));
        let average = n / of;
        let bytes = qa.get("/reports/2026-12/figures.xlsx").await.bytes;
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes.clone())).unwrap();
        let sheet = book.worksheet_range("Month by month").unwrap();
        let heads: Vec<String> = sheet.rows().next().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(heads[5..9], ["Representation rate", "Representation rate: average", "Representation rate: lower limit", "Representation rate: upper limit"]);
        for (row, (n, of)) in sheet.rows().skip(1).zip(&months) {
            let away = 3.0 * (average * (1.0 - average) / of).sqrt();
            let expected = [n / of, average, average - away, (average + away).min(1.0)];
            for (cell, expected) in row[5..9].iter().zip(expected) {
                let cell: f64 = cell.to_string().parse().unwrap();
                assert!((cell - expected).abs() <= 0.0005 + f64::EPSILON, "{cell} {expected}");
            }
        }
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut chart = String::new();
        std::io::Read::read_to_string(&mut zip.by_name("xl/charts/chart2.xml").unwrap(), &mut chart).unwrap();
        assert_eq!(chart.matches("<c:ser>").count(), 4, "the rate, its average, the limits");
    }

    async fn the_long_form_and_the_workbook_have_every_figure_of_every_part(place: Place) {
        sample(&place);
        let paper = place.report("2026-09");
        let expected = rates(&paper);
        let expected_counts = parts_of_counts(&paper);
        let run = place.run(&["report", "--month", "2026-09", "--format", "csv"]);
        let mut csv = ::csv::Reader::from_reader(run.out.trim_start_matches('\u{feff}').as_bytes());
        let (mut found, mut found_counts) = (BTreeMap::new(), BTreeMap::new());
        for row in csv.records().map(Result::unwrap) {
            let split = if &row[2] == "agency_group" { "group" } else { &row[2] };
            let key = [split.to_owned(), row[3].to_owned(), row[1].to_owned()];
            if let (true, Ok(n), Ok(of)) = (expected.contains_key(&key), row[5].parse(), row[6].parse()) {
                found.insert(key, (n, of));
            } else if let (true, Ok(n)) = (expected_counts.contains_key(&key), row[4].parse()) {
                found_counts.insert(key, n);
            }
        }
        assert_eq!(found, expected);
        assert_eq!(found_counts, expected_counts);

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
        let sheet = book.worksheet_range("Counts by part").unwrap();
        let of_splits = sheet.rows().skip(1).filter(|row| text(&row[0]).contains(", by ") && !text(&row[0]).ends_with("by reason"));
        let mut read: Vec<(String, u64)> = of_splits.map(|row| (text(&row[2]), number(&row[3]))).collect();
        let mut counts: Vec<_> = expected_counts.into_iter().map(|([_, part, _], n)| (part, n)).collect();
        read.sort();
        counts.sort();
        assert_eq!(read, counts);
    }
}
