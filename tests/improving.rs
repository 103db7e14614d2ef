//! Improvement actions: raised from a paper, in each paper after it with their measure before and since, and chased.

use crate::both;
use crate::harness::Place;
use crate::harness::http::{Person, Seen, set};
use crate::harness::log::{Row, conference};

/// A plan ended on this day without the health visitor.
fn ended_without(name: &str, day: &str) -> Vec<Row> {
    let child = format!("L-{name}");
    let rows = conference(name).into_iter().enumerate().map(|(n, row)| {
        let row = row
            .with("conference_date", day)
            .with("child_refs", &child)
            .with("invited_on", "2026-07-24")
            .with("report_received_on", "2026-08-20")
            .with("decisions", &format!("{child}=plan_ended_child_in_need"));
        if n == 2 { row.with("necessity", "core").absent() } else { row }
    });
    rows.collect()
}

/// September with an ended plan, closed and approved; a QA manager of the 8th of October.
async fn september(place: &Place) -> Person {
    place.import("2026-09-30T15:30:00Z", &ended_without("C-1", "2026-09-30"));
    place.done_at("2026-10-07T08:00:00Z", &["run-task", "report"]);
    let mut qa = Person::with_role(place, &place.site("2026-10-08T09:00:00Z").await, "qa_manager").await;
    assert_eq!(qa.post("/reports/2026-09/approve", &[]).await.status, 303);
    qa
}

/// The proforma as it is offered for the first exception, and filled in.
async fn proforma(qa: &mut Person) -> Vec<(String, String)> {
    let page = qa.get("/reports/2026-09").await.body;
    let at = regex::Regex::new("/actions/new[^\"]+").unwrap().find(&page).unwrap_or_else(|| panic!("{page}"));
    let offered = qa.get(&at.as_str().replace("&amp;", "&").replace("&#x3D;", "=")).await;
    assert!(offered.body.contains("Plans ended without a core agency: 1 of 1 children"), "{}", offered.body);
    let mut form = offered.form();
    assert!(form.contains(&("measure".to_owned(), "M9".to_owned())), "{form:?}");
    for (field, text) in [
        ("action", "Chairs ask before a plan ends."),
        ("input", "A card for each chair."),
        ("desired_outcome", "No plan ends without the health visitor's view."),
        ("lead", "Principal chair"),
        ("lead_email", "principal@sch.gov.example"),
        ("due", "31/10/2026"),
    ] {
        set(&mut form, field, text);
    }
    form
}

async fn raised(qa: &mut Person) -> String {
    let form = proforma(qa).await;
    let Seen { status, location, body, .. } = qa.post("/actions", &form).await;
    assert_eq!(status, 303, "{body}");
    location.unwrap()
}

both! {
    async fn an_action_is_raised_from_an_exception_and_stands_in_the_papers_that_follow_until_it_ends(place: Place) {
        let mut qa = september(&place).await;
        let at = raised(&mut qa).await;
        let page = qa.get(&at).await.body;
        for text in ["Chairs ask before a plan ends.", "Plans ended without a core agency: 1 of 1 children", "Not reviewed yet", "Nothing to compare with", "principal@sch.gov.example"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        // October: in the open paper, frozen with it, and in every form.
        place.import("2026-10-20T15:30:00Z", &ended_without("C-2", "2026-10-20"));
        let mut qa = Person::with_role(&place, &place.site("2026-10-21T09:00:00Z").await, "qa_manager").await;
        assert!(qa.get("/reports/2026-10").await.body.contains("Improvement actions</h2>"));
        let mut review = qa.get(&at).await.form();
        set(&mut review, "progress", "amber");
        set(&mut review, "words", "Half of the chairs do.");
        assert_eq!(qa.post(&format!("{at}/reviews"), &review).await.status, 303);
        assert_eq!(qa.post(&format!("{at}/reviews"), &review).await.status, 303, "sent twice, it is said once");
        assert_eq!(qa.get(&at).await.body.matches("Half of the chairs do.").count(), 1);
        place.done_at("2026-11-06T09:00:00Z", &["run-task", "report"]);
        let october = place.report("2026-10");
        let action = &october["actions"][0];
        assert_eq!((&action["measure"], &action["progress"], &action["raised"]), (&"M9".into(), &"amber".into(), &"2026-10".into()));
        assert_eq!((&action["is_overdue"], &action["effect"]["before"]["denominator"]), (&true.into(), &0.into()), "the paper's own month is on neither side: {action:#}");
        let id = action["id"].as_str().unwrap();
        assert!(october["written"][id]["objective"].as_str().unwrap()== "No plan ends without a core agency.");
        let csv = place.run(&["report", "--month", "2026-10", "--format", "csv"]).out;
        assert!(csv.contains(&format!("M9,action_before,all:{id},,0,0,none")), "{csv}");
        // And in the roll-up of its quarter, with what to look at first.
        let mut qa = Person::with_role(&place, &place.site("2026-11-09T09:00:00Z").await, "qa_manager").await;
        let quarter = qa.get("/reports/over/2026-27-q3").await.body;
        for text in ["Plans ended without a core agency: 1 of 1 children", "Half of the chairs do.", "Which agency was missing", "What came of the invitations that count"] {
            assert!(quarter.contains(text), "{text}: {quarter}");
        }
        assert!(!qa.get("/reports/over/2026-27-q1").await.body.contains("Half of the chairs do."), "raised after it");
        // What is said later is in the next paper, and not in this one.
        let mut qa = Person::with_role(&place, &place.site("2026-12-01T09:00:00Z").await, "qa_manager").await;
        let mut review = qa.get(&at).await.form();
        set(&mut review, "progress", "done");
        set(&mut review, "words", "All of them do.");
        assert_eq!(qa.post(&format!("{at}/reviews"), &review).await.status, 303);
        let frozen = qa.get("/reports/2026-10").await.body;
        assert!(frozen.contains("Half of the chairs do.") && !frozen.contains("All of them do."), "{frozen}");
        place.import("2026-12-02T15:30:00Z", &ended_without("C-3", "2026-11-20"));
        place.import("2026-12-02T15:31:00Z", &ended_without("C-4", "2026-12-01"));
        place.done_at("2026-12-07T09:00:00Z", &["run-task", "report"]);
        let november = qa.get("/reports/2026-11").await.body;
        assert!(november.contains("All of them do."), "it ended since the month began: {november}");
        let ended = qa.get(&at).await;
        assert!(!ended.body.contains("Save the review"));
        let again = qa.post(&format!("{at}/reviews"), &[("progress".into(), "green".into()), ("words".into(), "x".into())]).await;
        assert!(again.status == 422 && again.body.contains("This action has ended"), "{}", again.body);
        place.done_at("2027-01-08T09:00:00Z", &["run-task", "report"]);
        assert_eq!(place.report("2026-12")["actions"].as_array().unwrap().len(), 1, "it ended in December");
        let mut qa = Person::with_role(&place, &place.site("2027-01-08T10:00:00Z").await, "qa_manager").await;
        assert!(!qa.get("/reports/2027-01").await.body.contains("Improvement actions</h2>"));
        assert_eq!(place.run(&["audit", "verify"]).code, 0);
    }

    async fn a_form_that_is_sent_twice_raises_one_action_and_one_with_mistakes_none(place: Place) {
        let mut qa = september(&place).await;
        let form = proforma(&mut qa).await;
        for (field, wrong, says) in [
            ("objective", "", "Say what is to be brought about"),
            ("measure", "M99", "Choose the measure"),
            ("agency", "NOBODY", "Choose an agency of the directory"),
            ("agency", "OH", "Of one agency the papers keep M1, M2, M3, M4"),
            ("month", "2031-01", "is not there"),
            ("due", "01/10/2026", "must lie ahead"),
            ("due", "soon", "as 30/09/2026"),
            ("due", "01/10/2036", "within two years"),
            ("lead_email", "somebody@gmail.com", "nothing goes to webmail"),
            ("lead_email", "somebody", "Enter an email address"),
            ("input", &"x".repeat(1001), "1001 characters are too many"),
            ("lead", "Chair 1, head of safeguarding", "Name an office in place of"),
            ("objective", "That 943 476 5919 is seen.", "may be an NHS number"),
        ] {
            let mut form = form.clone();
            set(&mut form, field, wrong);
            form.retain(|(name, _)| name != "exception" || field != "month");
            let refused = qa.post("/actions", &form).await;
            assert!(refused.status == 422 && refused.body.contains(says), "{field}: {}", refused.body);
            assert!(refused.body.contains("A card for each chair.") || field == "input", "what was typed stays");
        }
        assert!(qa.get("/actions").await.body.contains("No action is open."));
        let first = qa.post("/actions", &form).await.location;
        assert_eq!(qa.post("/actions", &form).await.location, first);
        let mut other = form.clone();
        set(&mut other, "action", "Something else.");
        let refused = qa.post("/actions", &other).await;
        assert!(refused.status == 422 && refused.body.contains("sent before with other words"), "{}", refused.body);
        let at = first.unwrap();
        let mut review = qa.get(&at).await.form();
        set(&mut review, "progress", "green");
        set(&mut review, "words", "It has begun.");
        assert_eq!(qa.post(&format!("{at}/reviews"), &review).await.status, 303);
        set(&mut review, "words", "It has not begun.");
        let refused = qa.post(&format!("{at}/reviews"), &review).await;
        assert!(refused.status == 422 && refused.body.contains("It has not begun."), "{}", refused.body);
        set(&mut review, "words", "chair 1 has begun.");
        let refused = qa.post(&format!("{at}/reviews"), &review).await;
        assert!(refused.status == 422 && refused.body.contains("Name an office in place of"), "{}", refused.body);
        assert_eq!(qa.get("/actions").await.body.matches("href=\"/actions/").count(), 2, "one, and the button");
    }

    async fn words_that_are_not_those_of_a_frozen_paper_are_no_part_of_it(place: Place) {
        let mut qa = september(&place).await;
        raised(&mut qa).await;
        place.import("2026-10-20T15:30:00Z", &ended_without("C-2", "2026-10-20"));
        place.done_at("2026-11-06T09:00:00Z", &["run-task", "report"]);
        assert_eq!(place.report("2026-10")["actions"].as_array().unwrap().len(), 1);
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(&db, "update improvement_action set objective = action").await.unwrap();
        let said = place.run(&["report", "--month", "2026-10"]);
        assert!(said.code != 0 && said.err.contains("was written of the improvement action"), "{}", said.err);
    }

    async fn an_action_is_raised_from_a_circulated_paper_alone_for_its_sentence_is_read_by_paqas_members(place: Place) {
        place.import("2026-09-30T15:30:00Z", &ended_without("C-1", "2026-09-30"));
        let mut qa = Person::with_role(&place, &place.site("2026-10-08T09:00:00Z").await, "qa_manager").await;
        for _ in 0..2 {
            assert!(!qa.get("/reports/2026-09").await.body.contains("/actions/new?"));
            assert_eq!(qa.get("/actions/new?month=2026-09&exception=0").await.status, 404);
            let form = [("month", "2026-09"), ("exception", "0")].map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(qa.post("/actions", &form).await.status, 404);
            place.done_at("2026-10-07T08:00:00Z", &["run-task", "report"]);
        }
        assert_eq!(qa.post("/reports/2026-09/approve", &[]).await.status, 303);
        assert_eq!(qa.get("/actions/new?month=2026-09&exception=0").await.status, 200);
    }

    async fn paqas_members_read_actions_and_their_figures_of_approved_months_alone(place: Place) {
        let mut qa = september(&place).await;
        let at = raised(&mut qa).await;
        place.import("2026-10-20T15:30:00Z", &ended_without("C-2", "2026-10-20"));
        place.done_at("2026-11-06T09:00:00Z", &["run-task", "report"]);
        let site = place.site("2026-11-09T09:00:00Z").await;
        let mut member = Person::with_role(&place, &site, "paqa_member").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        assert!(qa.get(&at).await.body.contains("October 2026</th>"));
        let page = member.get(&at).await.body;
        assert!(page.contains("September 2026</th>") && !page.contains("October 2026</th>"), "{page}");
        assert!(!page.contains("Save the review"));
        assert!(!page.contains("principal@"), "an address may name a practitioner: {page}");
        // Nor one before an approved one that is not approved itself.
        assert_eq!(qa.post("/reports/2026-10/approve", &[]).await.status, 303);
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(&db, "update month_close set approved_at = null, approved_by = null where month = '2026-09'").await.unwrap();
        let page = member.get(&at).await.body;
        assert!(!page.contains("September 2026</th>") && page.contains("October 2026</th>"), "{page}");
        assert_eq!(member.get("/actions").await.status, 200);
        assert_eq!(member.get("/actions/new").await.status, 403);
        for role in ["chair", "agency_lead", "auditor", "system_administrator"] {
            let mut other = Person::called(&place, &site, role, role).await;
            assert_eq!(other.get(&at).await.status, 403, "{role}");
        }
    }

    async fn an_overdue_action_is_chased_every_four_weeks_until_it_is_done_and_the_message_says_nothing_that_was_written(place: Place) {
        let mut qa = september(&place).await;
        let at = raised(&mut qa).await;
        let chased = |moment: &str| {
            place.done_at(moment, &["run-task", "report"]);
            place.done_at(moment, &["run-task", "dispatch"]);
            place.mail().into_iter().filter(|mail| mail.subject.contains("overdue")).collect::<Vec<_>>()
        };
        assert_eq!(chased("2026-10-31T10:00:00Z").len(), 0, "its day is not over");
        let told = chased("2026-11-02T10:00:00Z");
        assert_eq!(told.len(), 2, "its lead and the QA manager");
        let lead = told.iter().find(|mail| mail.to.contains("principal@sch.gov.example")).unwrap();
        assert!(lead.text.contains("the whole partnership") && lead.text.contains("31 October 2026"), "{}", lead.text);
        for mail in &told {
            for written in ["Chairs ask", "A card", "Principal chair", "Plans ended without a core agency: 1"] {
                assert!(!mail.raw.contains(written) && !mail.text.contains(written), "{}", mail.raw);
            }
        }
        assert_eq!(chased("2026-11-20T10:00:00Z").len(), 2, "not again within four weeks");
        assert_eq!(chased("2026-11-30T10:00:00Z").len(), 4);
        // Another day ends it, until that is over too.
        let mut qa = Person::with_role(&place, &place.site("2026-12-01T09:00:00Z").await, "qa_manager").await;
        let mut review = qa.get(&at).await.form();
        set(&mut review, "progress", "amber");
        set(&mut review, "words", "It takes longer.");
        set(&mut review, "due", "31/01/2027");
        assert_eq!(qa.post(&format!("{at}/reviews"), &review).await.status, 303);
        assert_eq!(chased("2027-01-29T10:00:00Z").len(), 4);
        assert_eq!(chased("2027-02-01T10:00:00Z").len(), 6);
    }
}
