//! What is written beside the letter on an absence: that it happened again, that we were wrong, a reminder, an open
//! register, a month that is ready; and wordings of a partnership's own.

use crate::amending::was_there;
use crate::both;
use crate::convening::dispatch;
use crate::feedback::make_and_send;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, LATER, Row, conference};
use crate::harness::{Mail, Place};
use crate::registers::at_the_register;
use crate::replies::{link, say, to};

const TEAM: &str = "health-visiting-north@oh.nhs.example";
/// The morning of the day before the one that the letter names.
const DAY_BEFORE: &str = "2026-10-06T08:30:00Z";

fn missed(place: &Place, change: impl FnOnce(Row) -> Row) {
    let mut rows = conference("C-1");
    rows[2] = change(rows[2].clone().absent());
    place.import(EVENING, &rows);
    make_and_send(place);
}

fn remind(place: &Place, moment: &str) -> Vec<Mail> {
    place.done_at(moment, &["run-task", "reminders"]);
    dispatch(place, moment)
}

both! {
    async fn who_has_not_answered_is_reminded_once_on_the_day_before(place: Place) {
        missed(&place, |row| row);
        assert!(remind(&place, "2026-10-05T08:30:00Z").is_empty(), "two days before");
        let mails = remind(&place, DAY_BEFORE);
        let reminder = to(&mails, TEAM, "your answer by Wednesday 7 October 2026");
        assert!(reminder.text.starts_with("If you know something"), "{}", reminder.text);
        assert!(reminder.text.contains("None has reached us yet"));
        assert_eq!(mails.len(), 2, "the contact and the lead: {mails:?}");
        assert!(remind(&place, "2026-10-06T08:35:00Z").is_empty(), "once");
        assert!(remind(&place, "2026-10-07T08:30:00Z").is_empty());
    }

    async fn an_answer_stops_the_reminder_even_when_it_is_in_the_post(place: Place) {
        missed(&place, |row| row);
        let link = link(to(&place.mail(), TEAM, "we missed you"));
        place.done_at(DAY_BEFORE, &["run-task", "reminders"]);
        let site = place.site(DAY_BEFORE).await;
        assert_eq!(say(&mut Person::anonymous(&site), &link, &[("say", "acknowledged")]).await.status, 303);
        assert!(dispatch(&place, "2026-10-06T08:31:00Z").is_empty(), "it was in the post already");
        let reminders: Vec<_> = place.outbox().into_iter().filter(|m| m["kind"] == "reply_reminder").collect();
        assert!(reminders.iter().all(|m| m["state"] == "cancelled") && reminders.len() == 2, "{reminders:?}");
        assert!(remind(&place, "2026-10-06T09:30:00Z").is_empty());
        // And the letter itself is what it was: nothing is made anew.
        assert!(place.done_at("2026-10-06T09:31:00Z", &["run-task", "feedback"]).contains("nothing"));
    }

    async fn a_letter_that_asks_for_nothing_has_no_reminder(place: Place) {
        missed(&place, |row| row.with("report", "on_time").with("report_received_on", "2026-09-25"));
        assert!(remind(&place, DAY_BEFORE).is_empty());
    }

    async fn the_second_miss_running_for_a_child_is_said_in_the_letter(place: Place) {
        let before: Vec<Row> = conference("C-0")
            .into_iter()
            .map(|row| row.with("conference_date", "2026-04-15").with("invited_on", "2026-03-18").with("report_received_on", "2026-04-08"))
            .enumerate()
            .map(|(n, row)| if n == 2 { row.absent() } else { row })
            .collect();
        let folder = place.records(&before);
        place.done_at("2026-04-15T15:30:00Z", &["import", folder.to_str().unwrap()]);
        let mut rows = conference("C-1");
        (rows[2], rows[3]) = (rows[2].clone().absent(), rows[3].clone().absent());
        place.import(EVENING, &rows);
        make_and_send(&place);
        let mails = place.mail();
        let again = to(&mails, TEAM, "we missed you again");
        assert!(again.text.contains("the conference before about the same child either"), "{}", again.text);
        assert!(mails.iter().any(|m| m.to.contains("police") && !m.subject.contains("again")), "{mails:?}");
        assert_eq!(place.outbox().iter().filter(|m| m["kind"] == "accepted_not_come").count(), 4);
    }

    async fn whoever_was_there_after_all_is_told_that_we_were_wrong(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        let (_, mut qa, at) = at_the_register(&place, rows, "qa_manager").await;
        make_and_send(&place);
        was_there(&mut qa, &at).await;
        let morning = "2026-10-01T09:00:00Z";
        place.done_at(morning, &["run-task", "feedback"]);
        dispatch(&place, morning);
        let mails = place.mail();
        let letter = to(&mails, TEAM, "we were wrong, and are sorry");
        for text in ["Please put that letter, and any that followed it, aside", "your service was there at the decision"] {
            assert!(letter.text.contains(text), "{text}: {}", letter.text);
        }
    }

    async fn an_open_register_is_told_to_the_chair_and_a_day_later_to_the_qa_manager(place: Place) {
        let rows: Vec<Row> = conference("C-1").into_iter().map(|row| row.with("decision_time", "")).collect();
        place.import(EVENING, &rows);
        place.account("chair", "a long enough password 1");
        place.account("qa_manager", "a long enough password 1");
        assert!(remind(&place, "2026-10-01T08:30:00Z").is_empty());
        let told = |mails: Vec<Mail>| mails.into_iter().map(|m| (m.to, m.subject)).collect::<Vec<_>>();
        let chair = told(remind(&place, "2026-10-02T08:30:00Z"));
        assert!(chair.len() == 1 && chair[0].0.starts_with("chair@") && chair[0].1.contains("waits to be confirmed"), "{chair:?}");
        let qa = told(remind(&place, "2026-10-05T08:30:00Z"));
        assert!(qa.len() == 1 && qa[0].0.starts_with("qa_manager@"), "the chair is told once: {qa:?}");
        assert!(remind(&place, "2026-10-06T08:30:00Z").is_empty());
    }

    async fn registers_that_wait_are_chased_once_before_their_month_closes_in_one_message_to_each(place: Place) {
        let mut rows: Vec<Row> = conference("C-1").into_iter().map(|row| row.with("decision_time", "")).collect();
        rows.extend(conference("C-2").into_iter().map(|row| row.with("decision_time", "").with("conference_date", "2026-09-29").with("child_refs", "L-2").with("decisions", "")));
        place.import(EVENING, &rows);
        place.account("chair", "a long enough password 1");
        place.account("qa_manager", "a long enough password 1");
        let new = |moment: &str| {
            let before = place.mail().len();
            place.done_at(moment, &["run-task", "report"]);
            dispatch(&place, moment);
            place.mail().into_iter().skip(before).collect::<Vec<_>>()
        };
        assert!(new("2026-10-02T08:30:00Z").is_empty());
        let told = new("2026-10-05T08:30:00Z");
        assert_eq!(told.len(), 2, "a chair and a QA manager");
        for mail in &told {
            assert_eq!(mail.subject, "September 2026 closes on Wednesday 7 October 2026: registers wait to be confirmed");
            assert_eq!(mail.text.matches("/conferences/").count(), 2, "{}", mail.text);
            assert!(!mail.text.contains("L-2") && !mail.text.contains("L1042"), "no child: {}", mail.text);
        }
        let manager = told.iter().find(|mail| mail.to.starts_with("qa_manager@")).unwrap();
        assert!(manager.text.contains("please ask them to before then"), "a QA manager confirms none: {}", manager.text);
        assert!(new("2026-10-06T08:30:00Z").is_empty(), "once");
        assert!(new("2026-10-07T08:30:00Z").iter().all(|mail| !mail.subject.contains("registers wait")));
    }

    async fn a_month_is_closed_on_its_fifth_working_day_and_paqa_is_told_when_it_is_approved(place: Place) {
        missed(&place, |row| row);
        place.account("paqa_member", "a long enough password 1");
        let site = place.site("2026-10-07T08:05:00Z").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let told = |moment: &str| {
            place.done_at(moment, &["run-task", "report"]);
            dispatch(&place, moment)
        };
        assert!(told("2026-10-06T08:00:00Z").is_empty());
        let early = qa.post("/reports/2026-09/approve", &[]).await;
        assert_eq!(early.status, 404, "an open month is nobody's to approve");
        let mails = told("2026-10-07T08:00:00Z");
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert!(mails[0].to.starts_with("qa_manager@"), "{}", mails[0].to);
        assert_eq!(mails[0].subject, "PAQA: the figures of September 2026 are closed, and wait to be approved");
        let page = qa.get("/reports/2026-09").await.body;
        assert!(page.contains("on Wednesday 7 October 2026. These figures do not change any more"), "{page}");
        assert_eq!(qa.post("/reports/2026-09/approve", &[]).await.status, 303);
        assert_eq!(qa.post("/reports/2026-09/approve", &[]).await.status, 404, "once");
        let mails = dispatch(&place, "2026-10-07T08:10:00Z");
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert!(mails[0].to.starts_with("paqa_member@"), "{}", mails[0].to);
        assert_eq!(mails[0].subject, "PAQA: the figures of September 2026 are ready");
        assert!(mails[0].text.contains("Agencies were there 3 of 4 times they were expected."), "too few for a percentage: {}", mails[0].text);
        let page = qa.get("/reports/2026-09").await.body;
        assert!(!page.contains("Approve it") && page.contains(", Wednesday 7 October 2026"), "{page}");
        assert!(told("2026-10-08T08:00:00Z").is_empty());
    }
}

#[test]
fn a_partnership_words_a_letter_in_its_own_way_and_each_message_keeps_which_wording_it_was() {
    let place = Place::sqlite();
    let mut rows = conference("C-1");
    rows[2] = rows[2].clone().absent();
    place.import(EVENING, &rows);
    place.write("own/accepted_not_come/subject.hbs", "{{reference}}: your chair was empty");
    let own = |args: &[&str]| {
        let mut command = place.command(args);
        let output = command.env("QUORATE__MAIL__TEMPLATES_FOLDER", place.path("own")).output().unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (code, said) = own(&["check"]);
    assert!(code == Some(0) && said.contains("worded by mail.templates_folder: accepted_not_come"), "{said}");
    own(&["--at", LATER, "run-task", "feedback"]);
    place.done_at(LATER, &["run-task", "dispatch"]);
    assert!(place.mail().iter().all(|m| m.subject.ends_with(": your chair was empty")), "{:?}", place.mail());
    place.write("own/accepted_not_come/subject.hbs", "{{reference}}: {{child_name}}");
    let (code, said) = own(&["check"]);
    assert!(code == Some(1) && said.contains("{{child_name}} is not known to it"), "{said}");
}

#[test]
fn a_service_that_is_back_above_its_target_for_three_months_is_thanked_once() {
    let place = Place::sqlite();
    let day = |month: u32, n: u32| format!("2026-{month:02}-{:02}", 14 + n);
    let mut rows = Vec::new();
    for (month, there) in [(4, false), (5, false), (6, false), (7, true), (8, true), (9, true)] {
        for n in 0..2 {
            let (name, child) = (format!("C-{month}-{n}"), format!("L{month}{n}"));
            for (place, row) in conference(&name).into_iter().enumerate() {
                let row = row
                    .with("conference_date", &day(month, n))
                    .with("invited_on", &format!("2026-{:02}-20", month - 1))
                    .with("report_received_on", &format!("2026-{month:02}-02"))
                    .with("child_refs", &child)
                    .with("decisions", &format!("{child}=plan_continues"));
                rows.push(if place == 2 && !there { row.absent() } else { row });
            }
        }
    }
    let folder = place.records(&rows);
    place.done_at("2026-09-30T15:30:00Z", &["import", folder.to_str().unwrap()]);
    let targets = "[[target]]\ngroup = \"community_health\"\nmeasure = \"M2\"\npercent = 80\nvalid_from = \"2026-04-01\"\n\
                   [[target]]\ngroup = \"police\"\nmeasure = \"M2\"\npercent = 80\nvalid_from = \"2026-04-01\"\n";
    place.write("targets.toml", targets);
    let report = |moment: &str| {
        let mut command = place.command(&["--at", moment, "run-task", "report"]);
        let output =
            command.env("QUORATE__REPORTS__TARGETS_FILE", place.path("targets.toml")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        dispatch(&place, moment)
    };
    let mails = report("2026-10-07T08:00:00Z");
    assert_eq!(mails.len(), 1, "the police were there all along: {mails:?}");
    assert_eq!(
        (mails[0].to.as_str(), mails[0].subject.as_str()),
        ("lead@oh.nhs.example", "Child protection conferences: thank you")
    );
    for text in [
        "From July to September 2026",
        "at 6 of 6 conferences",
        "after 0 of 6 in the three months before",
        "The partnership asks for 80%",
    ] {
        assert!(mails[0].text.contains(text), "{text}: {}", mails[0].text);
    }
    assert!(report("2026-10-08T08:00:00Z").is_empty(), "once");
    assert!(
        report("2026-11-06T08:00:00Z").is_empty(),
        "a month later the months before hold two good ones, and fewer are judged"
    );
}
