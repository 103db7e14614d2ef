//! PAQA's month against figures that were worked out independently.

use std::collections::HashMap;

use serde_json::Value;

use crate::both;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, LATER, Row, conference};
use crate::harness::{Place, root};

/// Every key of `expected` must be in `found` under the same name, with the same value.
fn agrees(expected: &Value, found: &Value, path: &str) {
    match expected {
        Value::Object(members) => {
            for (name, value) in members {
                let here = found.get(name).unwrap_or_else(|| panic!("{path}/{name} is missing"));
                agrees(value, here, &format!("{path}/{name}"));
            }
        }
        other => assert_eq!(other, found, "{path}"),
    }
}

/// The text of a PDF in the order of reading; `None` where the printer or the reader is not there, and
/// `QUORATE_TEST_PDF` does not require them.
fn printed(place: &Place, args: &[&str]) -> Option<String> {
    let required = std::env::var("QUORATE_TEST_PDF").as_deref() == Ok("require");
    let file = place.path("paper.pdf");
    let ran = place.run(&[&["report", "--format", "pdf", "-o", file.to_str().unwrap()], args].concat());
    if ran.code != 0 && ran.err.contains("is not beside this program") && !required {
        eprintln!("skipped: {}", ran.err);
        return None;
    }
    assert_eq!(ran.code, 0, "{}", ran.err);
    let read = std::process::Command::new("pdftotext").arg(&file).arg("-").output();
    match read {
        Err(e) if !required => {
            eprintln!("skipped: pdftotext: {e}");
            None
        }
        read => Some(String::from_utf8(read.expect("pdftotext").stdout).unwrap()),
    }
}

/// The words of a PDF that stand as low as the footer of their page, or lower, and are none of it.
fn below_the_footer(file: &std::path::Path) -> Vec<String> {
    let read = std::process::Command::new("pdftotext").arg("-bbox").arg(file).arg("-").output();
    let read = String::from_utf8(read.expect("pdftotext").stdout).unwrap();
    let word = regex::Regex::new(r#"yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">([^<]*)<"#).unwrap();
    let height = regex::Regex::new(r#"<page width="[\d.]+" height="([\d.]+)""#).unwrap();
    // A margin of 2 cm, in which the footer stands alone.
    let in_margin = |page: &str| {
        let bottom = height.captures(page).unwrap()[1].parse::<f64>().unwrap() - 2.0 / 2.54 * 72.0;
        let low = |word: &regex::Captures<'_>| word[2].parse::<f64>().unwrap() > bottom + 1.0;
        let words: Vec<_> =
            word.captures_iter(page).filter(low).map(|w| (w[1].to_owned(), w[3].to_owned())).collect();
        let footer = words.iter().find(|(_, text)| text == "Page").map(|(y, _)| y.clone()).expect("a footer");
        words.into_iter().filter(move |(y, _)| *y != footer).map(|(_, text)| text).collect::<Vec<_>>()
    };
    let pages = read.split("<page ").skip(1).map(|page| format!("<page {page}"));
    pages.flat_map(|page| in_margin(&page)).collect()
}

/// The numbers of a text, each with how often it stands there.
fn numbers(text: &str) -> HashMap<String, usize> {
    let number = regex::Regex::new(r"\d+(?:[.,]\d+)*%?").unwrap();
    let mut all = HashMap::new();
    for found in number.find_iter(text) {
        *all.entry(found.as_str().to_owned()).or_default() += 1;
    }
    all
}

fn without_note(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

both! {
    async fn the_month_of_the_sample_agrees_with_the_figures_worked_out_independently(place: Place) {
        let data = root().join("tests/data/oxfordshire-2026");
        let said = place.done_at("2026-12-31T17:00:00Z", &["import", data.to_str().unwrap()]);
        assert!(said.contains("Conferences:   1112 new"), "{said}");
        assert!(said.contains("Invitations:   8312 new"), "{said}");
        let expected = without_note(&std::fs::read_to_string(data.join("expected-2026-09.json")).unwrap());
        let found = place.report("2026-09");
        agrees(&expected, &found, "");
        for part in ["by_group", "by_locality"] {
            let names = |v: &Value| v[part].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&expected), names(&found), "{part} has no other part");
        }

        let again = place.done_at("2026-12-31T17:10:00Z", &["import", data.to_str().unwrap()]);
        assert!(again.contains("Conferences:   0 new, 0 changed, 1112 unchanged, 0 refused"), "{again}");
        assert!(again.contains("Invitations:   0 new, 0 changed, 8312 unchanged, 0 refused"), "{again}");
        assert_eq!(place.report("2026-09"), found);
    }

    async fn the_same_figures_stand_in_every_format_to_the_digit(place: Place) {
        let mut rows = conference("C-1");
        rows[3] = rows[3].clone().absent();
        place.import(EVENING, &rows);
        let json = place.report("2026-09");
        assert_eq!(json["M1"]["percent"], 75.0);
        let csv = place.run(&["report", "--month", "2026-09", "--format", "csv"]).out;
        assert!(csv.starts_with('\u{feff}'));
        assert!(csv.contains("\n2026-09,M1,all,,,3,4,75.0,30.1,95.4"), "{csv}");
        assert!(csv.contains("\n2026-09,M9,all,,,0,0,none,,"), "{csv}");
        let html = place.run(&["report", "--month", "2026-09", "--format", "html"]).out;
        assert!(html.contains("30.1 to 95.4"), "the page has the interval");
        assert!(html.contains("3 of 4") && !html.contains("75.0%"), "of fewer than 20 people read the count");
        assert!(!html.contains("href=\"/"), "a page that stands alone leads nowhere");
    }

    async fn a_late_invitation_is_not_counted_against_the_agency_or_for_it(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().with("invited_on", "2026-09-17");
        rows[3] = rows[3].clone().absent().with("invited_on", "2026-09-17");
        place.import(EVENING, &rows);
        let month = place.report("2026-09");
        assert_eq!(month["M1"]["denominator"], 2);
        assert_eq!(month["M13"]["late"], 2);
        assert_eq!(month["sensitivity"]["everything"]["numerator"], 3);
        assert_eq!(month["sensitivity"]["everything"]["denominator"], 4);
        assert_eq!(month["M7"]["numerator"], 1, "who came made quorum all the same");
    }

    async fn a_plan_that_ends_without_a_core_agency_is_counted_whatever_the_fault(place: Place) {
        let ends = |row: Row| row.with("decisions", "L1042=plan_ended_child_in_need");
        let mut rows: Vec<Row> = conference("C-1").into_iter().map(ends).collect();
        rows[1] = rows[1].clone().absent().with("invited_on", "2026-09-28");
        place.import(EVENING, &rows);
        let month = place.report("2026-09");
        assert_eq!((&month["M9"]["numerator"], &month["M9"]["denominator"]), (&1.into(), &1.into()));
        assert_eq!(month["M9_our_fault"], 1);
        assert_eq!(month["M9b"]["numerator"], 1);
        assert_eq!(month["M9c"]["numerator"], 0);
    }

    async fn a_service_that_misses_twice_running_for_the_same_child_is_a_repeat(place: Place) {
        let earlier = |row: Row| {
            row.with("conference_date", "2026-06-30").with("invited_on", "2026-06-01").with("report_received_on", "")
        };
        let mut rows: Vec<Row> = conference("C-0").into_iter().map(earlier).collect();
        rows.extend(conference("C-1"));
        for n in [3, 7] {
            rows[n] = rows[n].clone().absent();
        }
        rows[6] = rows[6].clone().absent();
        place.import(EVENING, &rows);
        assert_eq!(place.report("2026-10")["M17"], 1, "the police, and not the health visitor");
    }

    async fn feedback_in_time_and_feedback_sent_are_counted_in_the_month_after(place: Place) {
        let mut rows = conference("C-1");
        rows[3] = rows[3].clone().absent();
        place.import(EVENING, &rows);
        place.done_at(LATER, &["run-task", "feedback"]);
        place.done_at(LATER, &["run-task", "dispatch"]);
        let month = place.report("2026-10");
        assert_eq!((&month["M15"]["numerator"], &month["M15"]["denominator"]), (&1.into(), &1.into()));
        assert_eq!(month["M16"]["sent"], 1);
        assert_eq!(place.report("2026-09")["M15"]["denominator"], 0);
    }

    async fn a_figure_leads_to_the_invitations_behind_it_and_that_is_noted(place: Place) {
        let mut rows = conference("C-1");
        rows[3] = rows[3].clone().absent();
        place.import(EVENING, &rows);
        let site = place.site("2026-10-01T09:00:00Z").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let month = qa.get("/reports/2026-09").await.body;
        assert!(month.contains("/reports/2026-09/behind?figure&#x3D;M1") || month.contains("behind?figure=M1"), "links");
        let behind = qa.get("/reports/2026-09/behind?figure=silent").await.body;
        assert!(behind.contains("1 invitation."), "the count is the figure's");
        let all = qa.get("/reports/2026-09/behind?figure=M1&of=all").await.body;
        assert!(all.contains("4 invitations."), "{all}");
        assert!(behind.contains("Child Abuse Investigation Unit"), "{behind}");
        assert!(!behind.contains("L1042"), "no child");
        let police = qa.get("/reports/2026-09/behind?figure=M1&of=all&group=police").await.body;
        assert!(police.contains("1 invitation."));
        assert!(place.run(&["check"]).out.contains("the audit trail stands"));

        let mut member = Person::with_role(&place, &site, "paqa_member").await;
        assert_eq!(member.get("/reports/2026-09/behind?figure=silent").await.status, 403);
    }

    async fn a_sibling_who_is_new_hides_no_late_review(place: Place) {
        let earlier = |row: Row| {
            row.with("conference_date", "2026-02-10").with("invited_on", "2026-01-05").with("report_received_on", "")
        };
        let both = |row: Row| row.with("child_refs", "L1042;L9").with("decisions", "L1042=plan_continues;L9=plan_continues");
        let mut rows: Vec<Row> = conference("C-0").into_iter().map(earlier).collect();
        rows.extend(conference("C-1").into_iter().map(both));
        place.import(EVENING, &rows);
        let month = place.report("2026-09");
        let reviews = &month["M18_reviews_in_time"];
        assert_eq!((&reviews["numerator"], &reviews["denominator"]), (&0.into(), &1.into()));
    }

    async fn a_register_that_is_not_confirmed_counts_nowhere_but_as_a_predecessor(place: Place) {
        let open = |row: Row| {
            row.with("conference_date", "2026-06-30").with("invited_on", "2026-06-01").with("decision_time", "")
                .with("attendance", "").with("report_received_on", "")
        };
        let mut rows: Vec<Row> = conference("C-0").into_iter().map(open).collect();
        rows.extend(conference("C-1"));
        place.import(EVENING, &rows);
        let june = place.report("2026-06");
        assert_eq!((&june["conferences"], &june["registers_open"]), (&0.into(), &1.into()));
        assert_eq!(june["M1"]["percent"], Value::Null, "none, and never 0 %");
        let month = place.report("2026-09");
        assert_eq!(month["M18_reviews_in_time"]["denominator"], 1);
        assert_eq!(month["conferences"], 1);
    }
}

#[test]
fn a_paper_is_printed_with_every_figure_of_its_page_to_the_digit() {
    let place = Place::sqlite();
    let data = root().join("tests/data/oxfordshire-2026");
    place.done_at("2026-12-31T17:00:00Z", &["import", data.to_str().unwrap()]);
    place.done_at("2026-12-31T17:10:00Z", &["run-task", "report"]);
    let marked = regex::Regex::new(r"(?s)<style.*?</style>|<script.*?</script>|<[^>]*>|&#x27;").unwrap();
    for of in [["--month", "2026-09"], ["--period", "2026-27-q2"]] {
        let Some(pdf) = printed(&place, &of) else { return };
        assert_eq!(
            below_the_footer(&place.path("paper.pdf")),
            Vec::<String>::new(),
            "nothing runs off a page"
        );
        let (first, _) = pdf.split_once("\nPlans that ended\n").expect("its section");
        assert!(first.contains("M1 Attendance rate"), "what a paper begins with: {first}");
        assert!(pdf.lines().any(|line| line == "Agencies"), "of months together too");
        let html = place.run(&[&["report", "--format", "html"], &of[..]].concat()).out;
        let page = html.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
        let (page, pdf) = (numbers(&marked.replace_all(page, " ")), numbers(&pdf));
        assert!(page.len() > 100, "{page:?}");
        for (number, times) in page {
            let there = pdf.get(&number).copied().unwrap_or_default();
            assert!(
                there >= times,
                "{number} stands {times} times on the page of {of:?}, and {there} times in its PDF"
            );
        }
    }
}
