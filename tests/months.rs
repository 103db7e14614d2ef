//! Months that are closed: frozen once, read again unchanged, restated beside what they were.

use sea_orm::{ConnectionTrait, Database};
use serde_json::Value;

use crate::amending::was_there;
use crate::both;
use crate::harness::Place;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, Row, conference};
use crate::registers::open;

/// The health visitor was missed at a conference of this day, with children of its own.
pub fn missed_on(name: &str, day: &str) -> Vec<Row> {
    let child = format!("L-{name}");
    let rows = conference(name).into_iter().enumerate().map(|(n, row)| {
        let row = row
            .with("conference_date", day)
            .with("child_refs", &child)
            .with("invited_on", "2026-08-24")
            .with("report_received_on", "2026-09-20")
            .with("decisions", &format!("{child}=plan_continues"));
        if n == 2 { row.absent() } else { row }
    });
    rows.collect()
}

/// September closed, and October with a conference of its own.
async fn september(place: &Place) -> Person {
    place.import(EVENING, &missed_on("C-1", "2026-09-30"));
    place.done_at("2026-10-07T08:00:00Z", &["run-task", "report"]);
    Person::with_role(place, &place.site("2026-10-08T09:00:00Z").await, "qa_manager").await
}

/// It was there after all.
async fn was_there_in_september(qa: &mut Person) {
    let page = qa.get("/?day=2026-09-30").await.body;
    let at =
        regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
    was_there(qa, &at).await;
}

both! {
    async fn a_closed_month_reads_as_it_read_on_the_day_whatever_is_amended_since(place: Place) {
        place.import(EVENING, &missed_on("C-1", "2026-09-30"));
        let open = place.report("2026-09");
        assert_eq!((&open["M1"]["numerator"], &open["M1"]["denominator"]), (&Value::from(3), &Value::from(4)));
        place.done_at("2026-10-07T08:00:00Z", &["run-task", "report"]);
        assert_eq!(place.report("2026-09"), open, "closing changes no figure");
        let csv = place.run(&["report", "--month", "2026-09", "--format", "csv"]).out;
        let mut qa = Person::with_role(&place, &place.site("2026-10-08T09:00:00Z").await, "qa_manager").await;
        was_there_in_september(&mut qa).await;
        assert_eq!(place.report("2026-09"), open, "nor does an amendment");
        assert_eq!(place.run(&["report", "--month", "2026-09", "--format", "csv"]).out, csv);
        let page = qa.get("/reports/2026-09").await.body;
        assert!(page.contains("3 of 4") && page.contains("SHA-256"), "{page}");
        assert_eq!(place.run(&["audit", "verify"]).code, 0);
    }

    async fn a_month_without_a_confirmed_register_closes_too_and_says_what_it_waits_for(place: Place) {
        place.import(EVENING, &missed_on("C-1", "2026-09-30"));
        place.import("2026-10-21T15:00:00Z", &open(missed_on("C-2", "2026-10-20")));
        place.done_at("2026-11-06T09:00:00Z", &["run-task", "report"]);
        let mut qa = Person::with_role(&place, &place.site("2026-11-06T10:00:00Z").await, "qa_manager").await;
        let page = qa.get("/reports/2026-10").await.body;
        assert!(page.contains("on Friday 6 November 2026. These figures do not change") && page.contains("1 conference of this time took place and has no confirmed register"), "{page}");
        assert_eq!(place.report("2026-10")["registers_open"], 1);
        assert!(page.contains("Not complete: 1 conference has no confirmed register") && page.contains("M15") && page.contains("M17"), "what it knows of September: {page}");
        // It is confirmed late: nothing is lost, and the next paper says so.
        place.import("2026-11-21T15:00:00Z", &missed_on("C-2", "2026-10-20"));
        place.import("2026-11-21T15:00:00Z", &missed_on("C-3", "2026-11-20"));
        place.done_at("2026-12-07T09:00:00Z", &["run-task", "report"]);
        let november = place.report("2026-11");
        assert_eq!(november["late_additions"]["2026-10"], 1);
        assert_eq!(november["headlines"][0]["previous"]["denominator"], 4);
    }

    async fn what_changed_since_a_month_closed_stands_in_the_next_paper_old_and_new_side_by_side(place: Place) {
        let mut qa = september(&place).await;
        was_there_in_september(&mut qa).await;
        // And a register of September that comes late.
        let mut late = missed_on("C-2", "2026-09-29");
        late.extend(missed_on("C-3", "2026-10-20"));
        place.import("2026-10-21T15:00:00Z", &late);
        place.done_at("2026-11-06T09:00:00Z", &["run-task", "report"]);
        let october = place.report("2026-10");
        let revised = october["revisions"].as_array().unwrap();
        let attendance = revised.iter().find(|r| r["figure"] == "Attendance rate").unwrap_or_else(|| panic!("{october:#}"));
        assert_eq!((&attendance["was"], &attendance["is"]), (&Value::from("3 of 4"), &Value::from("7 of 8")));
        assert_eq!(october["late_additions"]["2026-09"], 1);
        let csv = place.run(&["report", "--month", "2026-10", "--format", "csv"]).out;
        for line in ["2026-10,revision,2026-09,Attendance rate,,,,,,,\"was 3 of 4, is 7 of 8\"", "2026-10,M1,month,2026-09,,7,8,", "2026-10,M1,verdict,all,,,,,,,too few months for limits of chance; no run stands out"] {
            assert!(csv.contains(line), "{line}: {csv}");
        }
        let headline = &october["headlines"][0];
        assert_eq!(headline["previous"]["numerator"], 7, "the month before as it is known by now");
        assert_eq!(headline["rolling"]["denominator"], 12);
        let page = qa.get("/reports/2026-10").await.body;
        assert_eq!(october["amended"]["2026-09"], 1);
        let of_agency = revised.iter().find(|r| r["figure"].as_str().unwrap().ends_with(": represented"));
        let of_agency = of_agency.unwrap_or_else(|| panic!("{october:#}"));
        assert_eq!((&of_agency["was"], &of_agency["is"]), (&Value::from("1 of 1"), &Value::from("2 of 2")), "children's social care");
        assert!(revised.iter().any(|r| r["was"] == "0 of 1" && r["is"] == "1 of 2"), "health visiting: {october:#}");
        for text in ["What was restated of earlier months", "7 of 8", "September 2026: 1 amended, 1 confirmed late"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        // What was said once is not said again a month later.
        place.import("2026-11-21T15:00:00Z", &missed_on("C-4", "2026-11-20"));
        place.done_at("2026-12-07T09:00:00Z", &["run-task", "report"]);
        assert_eq!(place.report("2026-11")["revisions"], Value::Array(Vec::new()));
    }

    async fn two_processes_close_a_month_once(place: Place) {
        place.import(EVENING, &missed_on("C-1", "2026-09-30"));
        let run = |moment: &str| place.command(&["--at", moment, "run-task", "report"]).spawn().unwrap();
        let both = [run("2026-10-07T08:00:00Z"), run("2026-10-07T08:00:01Z")];
        for mut process in both {
            assert!(process.wait().unwrap().success());
        }
        let db = Database::connect(&place.url).await.unwrap();
        let rows = db.query_all_raw(sea_orm::Statement::from_string(db.get_database_backend(), "select action from audit_entry where action = 'month.closed'")).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(place.report("2026-09")["conferences"], 1);
    }

    async fn a_frozen_paper_that_somebody_changed_is_no_paper(place: Place) {
        let mut qa = september(&place).await;
        let db = Database::connect(&place.url).await.unwrap();
        db.execute_unprepared("update month_close set snapshot = replace(snapshot, '\"attended\":3', '\"attended\":4')").await.unwrap();
        assert_eq!(qa.get("/reports/2026-09").await.status, 500);
        let said = place.run(&["report", "--month", "2026-09"]);
        assert!(said.code != 0 && said.err.contains("was changed after it was closed"), "{}", said.err);
    }

    async fn what_later_months_compare_with_is_sealed_with_the_paper(place: Place) {
        let mut qa = september(&place).await;
        let db = Database::connect(&place.url).await.unwrap();
        db.execute_unprepared("update month_close set known = replace(known, '\"numerator\":3', '\"numerator\":4')").await.unwrap();
        assert_eq!(qa.get("/reports/2026-09").await.status, 500);
    }

    async fn paqas_members_read_a_month_once_it_is_approved_and_not_before(place: Place) {
        let mut qa = september(&place).await;
        let mut member = Person::with_role(&place, &place.site("2026-10-08T09:00:00Z").await, "paqa_member").await;
        for month in ["2026-09", "2026-10"] {
            let page = member.get(&format!("/reports/{month}")).await;
            assert!(page.status == 200 && page.body.contains("not circulated yet"), "{}", page.body);
            assert!(!page.body.contains("M1"), "{}", page.body);
            for form in ["figures.csv", "figures.json", "figures.xlsx", "paper.pdf"] {
                assert_eq!(member.get(&format!("/reports/{month}/{form}")).await.status, 404);
            }
        }
        assert_eq!(qa.post("/reports/2026-09/approve", &[]).await.status, 303);
        assert_eq!(member.get("/reports").await.location.as_deref(), Some("/reports/2026-09"));
        let page = member.get("/reports/2026-09").await.body;
        assert!(page.contains("3 of 4") && !page.contains("/behind"), "figures only: {page}");
        assert_eq!(member.get("/reports/2026-09/figures.json").await.status, 200);
        assert!(member.get("/reports/2026-10").await.body.contains("September 2026</a> is the newest month that is circulated"));
        assert_eq!(qa.get("/reports/2026-10").await.status, 200, "who makes it reads it as it is made");
    }

    async fn an_agency_that_was_expected_nowhere_this_month_keeps_its_line_of_the_year(place: Place) {
        place.import(EVENING, &missed_on("C-1", "2026-09-30"));
        place.done_at("2026-10-07T08:00:00Z", &["run-task", "report"]);
        let october: Vec<Row> = missed_on("C-3", "2026-10-20").into_iter().enumerate().filter(|(n, _)| *n != 2).map(|(_, row)| row).collect();
        place.import("2026-10-21T15:00:00Z", &october);
        place.done_at("2026-11-06T09:00:00Z", &["run-task", "report"]);
        let line = &place.report("2026-10")["agencies"]["OH"];
        assert_eq!((&line["rate"]["denominator"], &line["rolling"]["denominator"]), (&Value::from(0), &Value::from(1)), "{line:#}");
        assert_eq!(line["verdict"], "nothing to judge");
    }

    async fn an_agencys_page_has_its_figures_its_reasons_and_for_those_who_read_replies_what_it_said(place: Place) {
        let mut rows = missed_on("C-1", "2026-09-30");
        rows[2] = rows[2].clone().with("absence_reason", "clash");
        place.import(EVENING, &rows);
        crate::feedback::make_and_send(&place);
        let link = crate::replies::link(crate::replies::to(&place.mail(), "health-visiting-north@oh.nhs.example", "about your place"));
        let mut agency = Person::anonymous(&place.site("2026-10-02T09:00:00Z").await);
        let said = [("say", "explained"), ("reason", "clash"), ("prevention", "Two of us share the duty from now on.")];
        assert_eq!(crate::replies::say(&mut agency, &link, &said).await.status, 303);
        place.done_at("2026-10-07T08:00:00Z", &["run-task", "report"]);
        let site = place.site("2026-10-08T09:00:00Z").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut member = Person::with_role(&place, &site, "paqa_member").await;
        assert!(qa.get("/reports/2026-09").await.body.contains("/reports/2026-09/agency/OH"));
        assert_eq!(member.get("/reports/2026-09/agency/OH").await.status, 404, "not circulated yet");
        assert_eq!(qa.post("/reports/2026-09/approve", &[]).await.status, 303);
        let own = qa.get("/reports/2026-09/agency/OH").await.body;
        for text in ["0 of 1", "What it said it would do", "Two of us share the duty from now on."] {
            assert!(own.contains(text), "{text}: {own}");
        }
        let read = member.get("/reports/2026-09/agency/OH").await.body;
        assert!(read.contains("0 of 1") && !read.contains("share the duty") && !read.contains("What it said"), "{read}");
        assert_eq!(qa.get("/reports/2026-09/agency/NOBODY").await.status, 404);
        let mut lead = Person::with_role(&place, &site, "agency_lead").await;
        place.done_at(EVENING, &["account", "grant", "agency_lead@quorate.example", "--agency", "OH"]);
        assert!(lead.get("/agency/papers/2026-09/OH").await.body.contains("Two of us share the duty from now on."), "its own words");
    }

    async fn an_approved_month_goes_round_as_a_paper_to_trusted_domains_and_as_a_link_to_others(place: Place) {
        let program = env!("CARGO_BIN_EXE_quorate").to_owned() + "-pdf";
        let is_there = std::path::Path::new(&program).is_file();
        assert!(is_there || std::env::var("QUORATE_TEST_PDF").as_deref() != Ok("require"), "{program}");
        september(&place).await;
        let site = place.site_with("2026-10-08T09:00:00Z", &[
            ("reports.pdf_program", if is_there { &program } else { "" }),
            ("mail.domains.trusted", "trusted.example"),
        ]).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        for email in ["member@trusted.example", "member@else.example"] {
            place.done_at("2026-10-08T09:00:00Z", &["account", "add", email, "--name", "A Member", "--role", "paqa_member"]);
        }
        if is_there {
            let printed = qa.get("/reports/2026-09/paper.pdf").await;
            assert!(printed.status == 200 && printed.headers["content-type"] == "application/pdf");
            assert!(qa.get("/reports/2026-09").await.body.contains("href=\"/reports/2026-09/paper.pdf\""));
        }
        assert_eq!(qa.post("/reports/2026-09/approve", &[]).await.status, 303);
        place.done_at("2026-10-08T09:01:00Z", &["run-task", "dispatch"]);
        let to = |email: &str| {
            let mut ready = place.mail().into_iter().filter(|mail| mail.to.contains(email));
            ready.next().unwrap_or_else(|| panic!("no mail to {email}"))
        };
        let (trusted, other) = (to("member@trusted.example"), to("member@else.example"));
        assert!(trusted.text.contains("/reports/2026-09") && other.text.contains("/reports/2026-09"));
        assert_eq!(trusted.text.contains("enclosed as a PDF"), is_there, "{}", trusted.text);
        assert_eq!(trusted.raw.contains("filename=\"attendance-2026-09.pdf\""), is_there);
        assert!(!other.text.contains("enclosed") && !other.raw.contains("application/pdf"), "{}", other.text);
    }

    async fn a_groups_target_stands_beside_its_agencies_and_of_few_there_is_no_colour(place: Place) {
        place.import(EVENING, &missed_on("C-1", "2026-09-30"));
        place.write("own/targets.toml", "[[target]]\ngroup = \"police\"\nmeasure = \"M2\"\npercent = 80\nvalid_from = \"2026-04-01\"\n\n[[target]]\ngroup = \"police\"\nmeasure = \"M1\"\npercent = 60\nvalid_from = \"2026-04-01\"\n");
        let mut command = place.command(&["report", "--month", "2026-09"]);
        let out = command.env("QUORATE__REPORTS__TARGETS_FILE", place.path("own/targets.toml")).output().unwrap();
        let paper: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(paper["agencies"]["TVP"]["target"], serde_json::json!([80, null]), "one invitation: {paper:#}");
        assert_eq!(paper["agencies"]["OH"]["target"], Value::Null);
        let attended = &paper["agencies"]["TVP"]["other_targets"][0];
        assert_eq!((&attended["measure"], &attended["percent"], &attended["rate"]["denominator"]), (&"M1".into(), &60.into(), &1.into()), "a target that is set is answered, whichever measure it is of");
    }

    async fn a_quarter_is_frozen_once_when_its_last_month_closes_among_the_quarters_before_it(place: Place) {
        let mut rows = Vec::new();
        for (n, day) in ["2026-07-22", "2026-08-19", "2026-09-30", "2026-10-20", "2026-12-16"].iter().enumerate() {
            rows.extend(missed_on(&format!("C-{n}"), day).into_iter().map(|row| row.with("invited_on", "2026-06-24")));
        }
        place.import("2026-12-17T15:00:00Z", &rows);
        place.done_at("2026-12-18T08:00:00Z", &["run-task", "report"]);
        let of = |period: &str| -> Value {
            serde_json::from_str(&place.run(&["report", "--period", period]).out).unwrap()
        };
        let summer = of("2026-27-q2");
        let site = place.site("2027-01-18T09:00:00Z").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let open = qa.get("/reports/over/2026-27-q3").await.body;
        assert!(open.contains("once each of its months is closed") && !open.contains("SHA-256"), "{open}");
        assert!(open.contains("(without December 2026, not on the charts yet)"), "no verdict on what is not on the chart: {open}");
        assert!(!open.contains("/agency/"), "an agency's page is of one month");
        place.done_at("2027-01-08T08:00:00Z", &["run-task", "report"]);
        // A register of December comes late, within the week.
        let late = missed_on("C-9", "2026-12-17").into_iter().map(|row| row.with("invited_on", "2026-06-24"));
        place.import("2027-01-11T15:00:00Z", &late.collect::<Vec<_>>());
        place.done_at("2027-01-14T08:00:00Z", &["run-task", "report"]);
        assert!(!qa.get("/reports/over/2026-27-q3").await.body.contains("SHA-256"), "registers may come late");
        place.done_at("2027-01-15T08:00:00Z", &["run-task", "report"]);
        place.done_at("2027-01-15T08:05:00Z", &["run-task", "report"]);
        let before = of("2026-27-q3");
        assert_eq!(before["M1"]["numerator"], 9);
        let december = before["series"].as_array().unwrap().last().unwrap();
        assert_eq!((&december["month"], &december["rates"]["M1"]["numerator"]), (&"2026-12".into(), &6.into()), "on its chart too");
        let headline = &before["headlines"][0];
        assert_eq!(headline["previous"]["numerator"], 9, "the quarter before: {headline}");
        assert_eq!((&headline["rolling"]["denominator"], &headline["rolling_months"]), (&Value::from(24), &Value::from(5)));
        assert_eq!(summer["headlines"][0]["previous"], Value::Null, "of which no month is closed");
        assert_eq!(before["agencies"]["OH"]["rate"]["denominator"], 3, "an agency's line is of the quarter too");

        // What is amended since moves neither it nor the quarter before.
        let page = qa.get("/?day=2026-12-16").await.body;
        let at = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
        was_there(&mut qa, &at).await;
        assert_eq!((of("2026-27-q3"), of("2026-27-q2")), (before, summer));
        let page = qa.get("/reports/over/2026-27-q3").await.body;
        assert!(page.contains("on Friday 15 January 2027. These figures do not change") && page.contains("Quarter before") && page.contains("SHA-256"), "{page}");
        assert!(page.contains("No conference is counted of November 2026."), "{page}");
        assert!(!page.contains("Approve it") && !page.contains("was restated"), "of months together neither is asked");
        let csv = qa.get("/reports/over/2026-27-q3/figures.csv").await.body;
        assert!(csv.contains("2026-27-q3,M1,month,2026-10,,3,4,"), "{csv}");

        let db = Database::connect(&place.url).await.unwrap();
        let rows = db.query_all_raw(sea_orm::Statement::from_string(db.get_database_backend(), "select action from audit_entry where action = 'period.closed' and object = '2026-27-q3'")).await.unwrap();
        assert_eq!(rows.len(), 1, "once, whoever comes first");
        db.execute_unprepared("update period_close set snapshot = replace(snapshot, '\"attended\":9', '\"attended\":8')").await.unwrap();
        assert_eq!(qa.get("/reports/over/2026-27-q3").await.status, 500, "figures that were changed are none");
    }

    async fn some_months_together_count_each_conference_once_and_the_same_in_every_form(place: Place) {
        let mut rows = missed_on("C-1", "2026-09-30");
        rows.extend(missed_on("C-2", "2026-10-20"));
        rows.extend(missed_on("C-3", "2026-11-20"));
        place.import("2026-12-01T15:00:00Z", &rows);
        let of = |period: &str| -> Value {
            serde_json::from_str(&place.run(&["report", "--period", period]).out).unwrap()
        };
        for (period, conferences) in [("2026-27-q2", 1), ("2026-27-q3", 2), ("2026-27-year", 3), ("12-to-2026-10", 2)] {
            let paper = of(period);
            assert_eq!((&paper["conferences"], &paper["M1"]["numerator"]), (&Value::from(conferences), &Value::from(3 * conferences)), "{period}");
        }
        let mut qa = Person::with_role(&place, &place.site("2026-12-02T09:00:00Z").await, "qa_manager").await;
        let page = qa.get("/reports/over/2026-27-q3").await.body;
        assert!(page.contains("October 2026 to December 2026") && page.contains("6 of 8") && page.contains("as their registers stood on Wednesday 2 December 2026"), "{page}");
        assert!(page.contains("December 2026 is not over") && page.contains("none of these months is on the charts yet: nothing to judge"), "{page}");
        assert!(qa.get("/reports/over/12-to-2026-10").await.body.contains("not frozen together"));
        assert!(qa.get("/reports/over/2026-27-q3/figures.csv").await.body.contains("2026-27-q3,M1,all,,,6,8"));
        assert!(qa.get("/reports/2026-10").await.body.contains("/reports/over/2026-27-q3"));
        assert_eq!(qa.get("/reports/over/2026-27").await.status, 404);
        let mut member = Person::with_role(&place, &place.site("2026-12-02T09:00:00Z").await, "paqa_member").await;
        let mut read = async |period: &str| member.get(&format!("/reports/over/{period}")).await.status;
        assert_eq!(read("2026-27-q2").await, 404, "nothing of it is circulated");
        place.done_at("2026-12-02T09:05:00Z", &["run-task", "report"]);
        qa.post("/reports/2026-10/approve", &[]).await;
        for period in ["2026-27-q2", "12-to-2026-10", "2026-10", "2026-09"] {
            assert_eq!(read(period).await, 404, "{period}: September waits to be approved, and a month has its own page");
        }
        qa.post("/reports/2026-09/approve", &[]).await;
        for (period, answer) in [("12-to-2026-10", 200), ("2026-27-q3", 404), ("2026-10", 404)] {
            assert_eq!(read(period).await, answer, "{period}");
        }
    }

    async fn a_year_is_published_once_when_its_months_are_closed_and_small_counts_are_in_no_form_of_it(place: Place) {
        let mut rows = missed_on("C-1", "2026-09-30");
        for n in 2..9 {
            rows.extend(missed_on(&format!("C-{n}"), "2026-11-20"));
        }
        place.import("2026-12-01T15:00:00Z", &rows);
        place.done_at("2027-05-04T09:00:00Z", &["run-task", "report"]);
        let early = place.run(&["report", "--year", "2026-27"]);
        assert!(early.code != 0 && early.err.contains("once each of its months is closed"), "it closed now, and more may come: {}", early.err);
        place.done_at("2027-06-03T09:00:00Z", &["run-task", "report"]);
        let json = place.run(&["report", "--year", "2026-27"]).out;
        let csv = place.run(&["report", "--year", "2026-27", "--format", "csv"]).out;
        let html = place.run(&["report", "--year", "2026-27", "--format", "html"]).out;
        let published: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&published["months"], published["tables"].as_array().unwrap().len()), (&Value::from(2), 6));
        let mut lines = csv.trim_start_matches('\u{feff}').lines().skip(1);
        for table in published["tables"].as_array().unwrap() {
            let said = |told: &Value| told["about"].as_u64().map_or("c".to_owned(), |n| n.to_string());
            let all = lines.next().unwrap();
            assert!(all.contains(&format!(",all,{},", said(&table["total"]))), "{all}");
            for part in table["parts"].as_array().unwrap() {
                let line = lines.next().unwrap();
                assert!(line.contains(&format!("{},{},", part["name"].as_str().unwrap(), said(&part["count"]))), "{line}");
                let cell = format!(">{}</td>", said(&part["count"]));
                assert!(html.contains(&cell), "{cell}");
            }
        }
        // Eight conferences are told as 10, and what health visiting missed of 32 invitations, 8, as 10.
        assert_eq!(published["tables"][0]["total"]["about"], 10);
        assert!(html.contains("For everybody") && !html.contains("<form"), "{html}");
        // A register that comes later, and its month, change nothing that was published.
        place.import("2027-06-07T15:00:00Z", &missed_on("C-99", "2026-10-20"));
        place.done_at("2027-06-08T09:00:00Z", &["run-task", "report"]);
        assert_eq!(place.run(&["report", "--year", "2026-27"]).out, json);
        let mut member = Person::with_role(&place, &place.site("2027-06-08T09:00:00Z").await, "paqa_member").await;
        assert!(member.get("/reports/public/2026-27").await.body.contains("For everybody"));
        assert_eq!(member.get("/reports/public/2026-27/figures.csv").await.status, 200);
        assert!(member.get("/reports/public/2025-26").await.body.contains("Nothing is published of this year yet"));
        assert_eq!(member.get("/reports/public/2025-26/figures.csv").await.status, 404);
    }

    async fn history_that_a_file_brings_is_closed_month_by_month(place: Place) {
        let mut rows = missed_on("C-1", "2026-09-30");
        rows.extend(missed_on("C-2", "2026-11-20"));
        place.import("2026-12-01T15:00:00Z", &rows);
        let said = place.done_at("2026-12-07T09:00:00Z", &["run-task", "report"]);
        assert!(said.contains("2 months closed"), "October had none, and is nothing to close: {said}");
    }

    async fn a_month_of_long_ago_that_closes_late_hides_no_change_of_another(place: Place) {
        let mut qa = september(&place).await;
        was_there_in_september(&mut qa).await;
        // History comes in, and is closed between: after the amendment, and before the month that tells of it.
        let history = missed_on("C-0", "2026-08-12").into_iter().map(|row| {
            let row = row.with("invited_on", "2026-07-10");
            if row.get("report_received_on").is_empty() { row } else { row.with("report_received_on", "2026-08-01") }
        });
        place.import("2026-10-12T15:00:00Z", &history.collect::<Vec<_>>());
        assert!(place.done_at("2026-10-13T09:00:00Z", &["run-task", "report"]).contains("1 months closed"));
        place.import("2026-10-21T15:00:00Z", &missed_on("C-3", "2026-10-20"));
        place.done_at("2026-11-06T09:00:00Z", &["run-task", "report"]);
        let october = place.report("2026-10");
        let revised = october["revisions"].as_array().unwrap();
        assert!(revised.iter().any(|r| r["month"] == "2026-09" && r["figure"] == "Attendance rate" && r["is"] == "4 of 4"), "{october:#}");
    }
}
