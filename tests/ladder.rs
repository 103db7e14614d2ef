//! The ladder: what is proposed beyond a letter, who decides, and what stops it.

use crate::both;
use crate::feedback::make_and_send;
use crate::harness::http::Person;
use crate::harness::log::{CONTACTS, EVENING, Row, conference};
use crate::harness::{Mail, Place};
use crate::replies::{link, say, to};
use crate::restricted::restrict;

/// The day after the one that the letter names for an answer, when the office is open.
pub const NO_ANSWER: &str = "2026-10-08T09:00:00Z";
pub const HEADS: &str = "OH,,Ann Field,Head of service,head@oh.nhs.example,no\n";

/// The health visitor was missed on the last day of September, and told of it.
pub fn missed(place: &Place, change: impl FnOnce(Row) -> Row) {
    let mut rows = conference("C-1");
    rows[2] = change(rows[2].clone().absent());
    place.import(EVENING, &rows);
    make_and_send(place);
}

pub fn climb(place: &Place, moment: &str) -> String {
    place.done_at(moment, &["run-task", "ladder"])
}

/// The steps that wait in a list, by their paths: those to decide on, then those to telephone about.
pub fn steps(list: &str) -> Vec<String> {
    let step = regex::Regex::new(
        r#"(?:task-list__link" href|action)="(/escalation/[0-9a-f-]{36}(?:/telephoned)?)""#,
    );
    step.unwrap().captures_iter(list).map(|found| found[1].to_owned()).collect()
}

/// The QA manager's queue at a moment, with the page of each step to decide on, and the path of the first that waits.
pub async fn queue(place: &Place, moment: &str) -> (Person, String, Option<String>) {
    let site = place.site(moment).await;
    let mut qa = Person::with_role(place, &site, "qa_manager").await;
    let mut body = qa.get("/escalation").await.body;
    let waiting = steps(&body);
    for step in waiting.iter().filter(|step| !step.ends_with("telephoned")) {
        body += &qa.get(step).await.body;
    }
    (qa, body, waiting.into_iter().next())
}

pub async fn decide(person: &mut Person, step: &str, fields: &[(&str, &str)]) -> crate::harness::http::Seen {
    let form: Vec<_> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    person.post(step, &form).await
}

pub fn rung<'a>(mails: &'a [Mail], address: &str, subject: &str) -> Option<&'a Mail> {
    mails.iter().find(|m| m.to == address && m.subject.contains(subject))
}

/// Health visiting missed three of four conferences in September, each about another child, and its letters have gone.
pub fn three_misses_of_four(place: &Place) {
    let days = ["2026-09-16", "2026-09-22", "2026-09-24", "2026-09-29"];
    let mut rows = Vec::new();
    for (n, day) in days.iter().enumerate() {
        let name = format!("C-{n}");
        for (m, row) in conference(&name).into_iter().enumerate() {
            let child = format!("L{n}");
            let row = row
                .with("conference_date", day)
                .with("child_refs", &child)
                .with("invited_on", "2026-08-24")
                .with("decisions", &format!("{child}=plan_continues"))
                .with("report_received_on", if m == 2 && n > 0 { "" } else { "2026-09-10" });
            rows.push(if m == 2 && n > 0 { row.absent() } else { row });
        }
    }
    place.import("2026-09-29T15:30:00Z", &rows);
    place.done_at("2026-09-29T16:05:00Z", &["run-task", "feedback"]);
    place.done_at("2026-09-29T16:05:00Z", &["run-task", "dispatch"]);
}

both! {
    async fn a_letter_that_is_not_answered_in_time_is_proposed_once_and_goes_when_somebody_approves(place: Place) {
        missed(&place, |row| row);
        assert!(climb(&place, "2026-10-07T09:00:00Z").contains("nothing"), "the day that the letter names");
        assert!(climb(&place, NO_ANSWER).contains("1 steps proposed"));
        assert!(climb(&place, "2026-10-08T09:01:00Z").contains("nothing"), "once");
        let (mut qa, body, step) = queue(&place, NO_ANSWER).await;
        for text in ["Health Visiting North, Health visitor", "no reply by the day that the letter named", "lead@oh.nhs.example"] {
            assert!(body.contains(text), "{text}: {body}");
        }
        place.done_at(NO_ANSWER, &["run-task", "dispatch"]);
        assert!(rung(&place.mail(), "lead@oh.nhs.example", "may we talk").is_none(), "nothing goes by itself");
        let step = step.unwrap();
        assert_eq!(decide(&mut qa, &step, &[("do", "approve")]).await.status, 303);
        assert_eq!(decide(&mut qa, &step, &[("do", "approve")]).await.status, 404, "decided once");
        place.done_at(NO_ANSWER, &["run-task", "dispatch"]);
        let mails = place.mail();
        let letter = rung(&mails, "lead@oh.nhs.example", "may we talk about it?").unwrap();
        assert!(letter.text.starts_with("If you know something"), "safety first: {}", letter.text);
        for text in ["I chaired the conference", "None has reached us", "Chair 1, who chaired the conference"] {
            assert!(letter.text.contains(text), "{text}: {}", letter.text);
        }
        assert!(!letter.raw.contains("L1042") && !letter.raw.contains("C-1"), "{}", letter.raw);
        let trail = Person::with_role(&place, &place.site(NO_ANSWER).await, "auditor").await.get("/audit").await.body;
        for action in ["ladder.proposed", "ladder.approved"] {
            assert!(trail.contains(action), "{action}");
        }
    }

    async fn who_could_not_join_is_pressed_by_no_step_however_grave_the_effect(place: Place) {
        let mut rows = conference("C-1");
        for row in &mut rows { *row = row.clone().with("decisions", "L1042=plan_ended_child_in_need"); }
        rows[2] = rows[2].clone().absent().with("absence_reason", "joining_failed");
        place.import(EVENING, &rows);
        make_and_send(&place);
        for day in ["2026-10-01", "2026-10-08", "2026-10-20"] {
            assert!(climb(&place, &format!("{day}T09:00:00Z")).contains("nothing"), "{day}");
        }
    }

    async fn a_conference_adjourned_for_a_reason_of_its_own_was_held_up_by_no_absence(place: Place) {
        let mut rows = conference("C-1");
        for row in &mut rows {
            *row = row.clone().with("status", "adjourned").with("adjournment_reason", "interpreter")
                .with("decisions", "L1042=adjourned");
        }
        // Without the police and the health visitor it is short of quorum.
        (rows[2], rows[3]) = (rows[2].clone().absent(), rows[3].clone().absent());
        place.import(EVENING, &rows);
        make_and_send(&place);
        assert!(climb(&place, "2026-10-01T09:00:00Z").contains("nothing"), "nobody is told that it mattered");
        let said = climb(&place, NO_ANSWER);
        assert!(said.contains("2 steps proposed"), "its letters ask for an answer all the same: {said}");
    }

    async fn an_absence_that_was_our_fault_never_enters_the_ladder(place: Place) {
        missed(&place, |row| row.with("invited_on", "2026-09-28").with("response", "none"));
        for day in ["2026-10-01", "2026-10-08", "2026-10-20"] {
            assert!(climb(&place, &format!("{day}T09:00:00Z")).contains("nothing"), "{day}");
        }
    }

    async fn a_miss_of_months_ago_counts_towards_the_third_rung(place: Place) {
        let mut all = Vec::new();
        for (n, (day, invited)) in [("2026-06-10", "2026-05-11"), ("2026-07-01", "2026-06-01"), ("2026-08-12", "2026-07-13"), ("2026-09-29", "2026-08-31")].into_iter().enumerate() {
            let (name, child) = (format!("C-{n}"), format!("L{n}"));
            let rows: Vec<Row> = conference(&name).into_iter().enumerate().map(|(m, row)| {
                let row = row.with("conference_date", day).with("child_refs", &child).with("invited_on", invited)
                    .with("decisions", &format!("{child}=plan_continues")).with("report_received_on", invited);
                if m == 2 && n != 1 { row.absent() } else { row }
            }).collect();
            all.extend(rows);
            // Each is told at its time.
            place.import(&format!("{day}T15:30:00Z"), &all);
            place.done_at(&format!("{day}T16:05:00Z"), &["run-task", "feedback"]);
            place.done_at(&format!("{day}T16:05:00Z"), &["run-task", "dispatch"]);
        }
        climb(&place, "2026-09-30T09:00:00Z");
        let body = queue(&place, "2026-09-30T09:00:00Z").await.1;
        assert!(body.contains("missing more often than not") && body.contains("Wednesday 10 June 2026"), "{body}");
    }

    async fn whoever_is_rung_beside_a_letter_the_letter_still_asks(place: Place) {
        missed(&place, |row| row.with("contact_email", "someone@gmail.com"));
        assert!(place.mail().iter().any(|m| m.to == "lead@oh.nhs.example"), "the invited contact is rung, the lead is written to");
        assert!(climb(&place, NO_ANSWER).contains("1 steps proposed"), "the call is still to be made");
    }

    async fn a_letter_that_came_back_told_nobody_and_leads_to_no_step(place: Place) {
        use sea_orm::ConnectionTrait;
        missed(&place, |row| row);
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        db.execute_unprepared("update outbox set bounced_at = sent_at, bounce_status = '5.1.1'").await.unwrap();
        assert!(climb(&place, NO_ANSWER).contains("nothing"));
    }

    async fn a_restricted_conference_leads_to_no_step_and_takes_back_what_was_proposed(place: Place) {
        missed(&place, |row| row);
        climb(&place, NO_ANSWER);
        let (mut qa, body, _) = queue(&place, NO_ANSWER).await;
        let at = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&body).unwrap().as_str().to_owned();
        restrict(&mut qa, &at, &["qa_manager"]).await;
        let said = climb(&place, "2026-10-08T10:00:00Z");
        assert!(said.contains("1 taken back"), "{said}");
    }

    async fn a_step_is_declined_with_a_reason_off_the_list_and_not_without(place: Place) {
        missed(&place, |row| row);
        climb(&place, NO_ANSWER);
        let (mut qa, _, step) = queue(&place, NO_ANSWER).await;
        let step = step.unwrap();
        let seen = decide(&mut qa, &step, &[("do", "decline")]).await;
        assert!(seen.body.contains("Choose why the step is not taken"), "{}", seen.body);
        assert_eq!(decide(&mut qa, &step, &[("do", "decline"), ("because", "in_touch")]).await.status, 303);
        let (_, body, none) = queue(&place, NO_ANSWER).await;
        assert!(none.is_none() && body.contains("we are in touch with the service already"), "{body}");
        assert!(climb(&place, "2026-10-09T09:00:00Z").contains("nothing"), "never twice for one cause");
    }

    async fn three_misses_of_four_go_to_the_head_of_service_or_to_the_telephone_and_then_to_paqa(place: Place) {
        three_misses_of_four(&place);
        // One of the three letters is answered: that settles the one, and not what the three come to.
        let answered = link(to(&place.mail(), "lead@oh.nhs.example", "we missed you"));
        let mut agency = Person::anonymous(&place.site("2026-09-30T08:00:00Z").await);
        assert_eq!(say(&mut agency, &answered, &[("say", "acknowledged")]).await.status, 303);
        let said = climb(&place, "2026-09-30T09:00:00Z");
        assert!(said.contains("1 steps proposed"), "{said}");
        let (mut qa, body, step) = queue(&place, "2026-09-30T09:00:00Z").await;
        assert!(body.contains("missing more often than not") && body.contains("The directory has nobody in this role"), "{body}");
        assert_eq!(
            decide(&mut qa, &step.unwrap(), &[("do", "approve")]).await.location.as_deref(),
            Some("/escalation?done=telephone")
        );
        // A word on one of the three, before anybody has rung, stops nothing that the three led to.
        let mut agency = Person::anonymous(&place.site("2026-09-30T09:10:00Z").await);
        let again = [("say", "explained"), ("reason", "clash"), ("words", "The clinic.")];
        assert_eq!(say(&mut agency, &answered, &again).await.status, 303);
        let (mut qa, _, call) = queue(&place, "2026-09-30T09:30:00Z").await;
        assert_eq!(decide(&mut qa, call.as_ref().unwrap(), &[]).await.status, 422);
        assert_eq!(decide(&mut qa, call.as_ref().unwrap(), &[("with", "office")]).await.status, 422, "an office passes nothing of this on");
        let (mut qa, body, _) = queue(&place, "2026-09-30T09:30:00Z").await;
        assert!(body.contains("/telephoned"), "nobody answered, and it stays to be made: {body}");
        assert_eq!(decide(&mut qa, &call.unwrap(), &[("with", "manager")]).await.status, 303);
        // The letters themselves are answered, the call is not; and by now the directory knows who heads the service.
        place.write("records/contacts.csv", format!("{CONTACTS}{HEADS}"));
        place.done_at("2026-10-01T08:00:00Z", &["import", place.path("records/contacts.csv").to_str().unwrap()]);
        let said = climb(&place, "2026-10-28T09:00:00Z");
        assert!(!said.contains("rung"), "{said}");
        let before = queue(&place, "2026-10-28T09:00:00Z").await.1;
        assert!(!before.contains("no answer to the step before"), "the twentieth working day: {before}");
        climb(&place, "2026-10-29T09:00:00Z");
        let (mut qa, body, _) = queue(&place, "2026-10-29T09:00:00Z").await;
        assert!(body.contains("no answer to the step before") && body.contains("Ann Field, Head of service, head@oh.nhs.example"), "{body}");
        let list = qa.get("/escalation").await.body;
        let step = &list[..list.find("no answer to the step before").unwrap()];
        let step = steps(step).pop().unwrap();
        assert_eq!(decide(&mut qa, &step, &[("do", "approve")]).await.status, 303);
        place.done_at("2026-10-29T09:05:00Z", &["run-task", "dispatch"]);
        let mails = place.mail();
        let letter = rung(&mails, "head@oh.nhs.example", "this goes to PAQA").unwrap();
        assert_eq!(letter.text.matches("your service had accepted, and nobody came").count(), 3, "{}", letter.text);
        assert!(letter.text.contains("We rang your agency about this more than 20 working days ago"), "nobody wrote: {}", letter.text);
        // The paper of that month tells of it.
        let october = place.report("2026-10");
        let last = serde_json::json!({ "proposed": 1, "taken": 1, "declined": 0, "stopped": 0, "answered": 0, "waiting": 0, "open": 1 });
        assert_eq!((&october["ladder"]["4"], &october["ladder"]["3"]["open"]), (&last, &1.into()));
        let listed = serde_json::json!([{ "agency": "Community Health", "service": "Health Visiting North", "code": "OH", "since": "2026-10-29", "is_on_its_way": false, "is_disputed": false }]);
        assert_eq!(october["exception_list"], listed);
        assert_eq!(place.report("2026-09")["exception_list"], serde_json::json!([]), "not before");
    }

    async fn a_letter_of_the_ladder_waits_on_its_agencys_own_page_until_it_is_answered_and_on_no_others(place: Place) {
        // A report came, and its letter of thanks asked for no answer; the second letter does.
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent().with("report", "on_time").with("response", "apologies");
        rows[3] = rows[3].clone().absent();
        place.import(EVENING, &rows);
        make_and_send(&place);
        let said = climb(&place, "2026-10-02T09:00:00Z");
        let (mut qa, body, _) = queue(&place, "2026-10-02T09:00:00Z").await;
        let list = qa.get("/escalation").await.body;
        let at = list.find("Health Visiting North").unwrap_or_else(|| panic!("{said} {body}"));
        let step = steps(&list[at.saturating_sub(120)..]).remove(0);
        assert_eq!(decide(&mut qa, &step, &[("do", "approve"), ("because", "in_touch")]).await.status, 422, "one or the other");
        assert_eq!(decide(&mut qa, &step, &[("do", "approve")]).await.status, 303);
        let site = place.site("2026-10-02T10:00:00Z").await;
        let mut lead = Person::with_role(&place, &site, "agency_lead").await;
        place.done_at("2026-10-02T09:00:00Z", &["account", "grant", "agency_lead@quorate.example", "--agency", "OH"]);
        let page = lead.get("/agency").await.body;
        assert!(!page.contains("we wrote again"), "it is still in the post: {page}");
        place.done_at("2026-10-02T10:00:00Z", &["run-task", "dispatch"]);
        let page = lead.get("/agency").await.body;
        for text in ["we wrote again", "Health Visiting North", "Please answer by Friday 9 October 2026"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        let answer = regex::Regex::new("/agency/answer/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
        let mut other = Person::called(&place, &site, "other", "agency_lead").await;
        place.done_at("2026-10-02T09:00:00Z", &["account", "grant", "other@quorate.example", "--agency", "TVP"]);
        assert!(!other.get("/agency").await.body.contains("we wrote again"));
        assert_eq!(other.post(&answer, &[]).await.status, 404);
        let link = lead.post(&answer, &[]).await.location.unwrap();
        assert_eq!(say(&mut lead, &link, &[("say", "explained"), ("reason", "clinic_or_teaching"), ("words", "Two of three were ill."), ("prevention", "A deputy is named.")]).await.status, 303);
        assert!(!lead.get("/agency").await.body.contains("we wrote again"));
    }

    async fn a_chair_is_told_of_a_letter_that_somebody_else_sends_in_its_name_and_not_of_its_own(place: Place) {
        let mut rows = conference("C-1");
        let other = |row: Row| row.with("child_refs", "L2").with("decisions", "L2=plan_continues");
        rows.extend(conference("C-2").into_iter().map(other));
        (rows[2], rows[6]) = (rows[2].clone().absent(), rows[6].clone().absent());
        place.import(EVENING, &rows);
        make_and_send(&place);
        climb(&place, NO_ANSWER);
        let site = place.site(NO_ANSWER).await;
        let mut chair = Person::with_role(&place, &site, "chair").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let both = steps(&qa.get("/escalation").await.body);
        assert_eq!(decide(&mut qa, &both[0], &[("do", "approve")]).await.status, 303);
        assert_eq!(decide(&mut chair, &both[1], &[("do", "approve")]).await.status, 303);
        place.done_at(NO_ANSWER, &["run-task", "dispatch"]);
        let mails = place.mail();
        let notices: Vec<_> = mails.iter().filter(|m| m.subject.contains("a letter goes in your name")).collect();
        assert_eq!(notices.len(), 1);
        assert!(notices[0].text.contains(&both[0]) && !notices[0].text.contains("Health"), "{}", notices[0].text);
        let page = chair.get(&both[0]).await.body;
        for text in ["The letter to lead@oh.nhs.example", "I chaired the conference", "approved, and open"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!page.contains("The letter to chair"), "the notice is none of the step's letters: {page}");
        assert!(!page.contains("value=\"approve\"") && page.contains("/reply/…"), "decided, and no link to answer by: {page}");
    }

    async fn a_chair_decides_on_the_steps_of_its_own_conferences_alone(place: Place) {
        let mut rows = conference("C-1");
        rows.extend(conference("C-2").into_iter().map(|row| row.with("chair", "Chair 2").with("child_refs", "L2").with("decisions", "L2=plan_continues")));
        (rows[2], rows[6]) = (rows[2].clone().absent(), rows[6].clone().absent());
        place.import(EVENING, &rows);
        make_and_send(&place);
        assert!(climb(&place, NO_ANSWER).contains("2 steps proposed"));
        let site = place.site(NO_ANSWER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let all = steps(&qa.get("/escalation").await.body);
        assert_eq!(all.len(), 2);
        let mut chair = Person::with_role(&place, &site, "chair").await;
        let own = steps(&chair.get("/escalation").await.body);
        assert_eq!(own.len(), 1);
        let other = all.iter().find(|step| !own.contains(step)).unwrap();
        assert_eq!(chair.get(other).await.status, 404);
        assert_eq!(decide(&mut chair, other, &[("do", "approve")]).await.status, 404);
        assert_eq!(decide(&mut chair, &own[0], &[("do", "approve")]).await.status, 303);
    }
}
