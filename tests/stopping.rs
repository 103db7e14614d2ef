//! What stops a step of the ladder or takes it back: a reply, a dispute, a record that is corrected.

use crate::amending::was_there;
use crate::both;
use crate::feedback::make_and_send;
use crate::harness::Place;
use crate::harness::http::{Person, set};
use crate::harness::log::CONTACTS;
use crate::harness::log::{EVENING, conference};
use crate::ladder::{HEADS, NO_ANSWER, climb, decide, missed, queue, rung, steps, three_misses_of_four};
use crate::replies::{link, look, say, to};

/// An address is out of the directory by now.
async fn leaves(place: &Place, address: &str) {
    use sea_orm::ConnectionTrait;
    let db = sea_orm::Database::connect(&place.url).await.unwrap();
    let done = format!("update contact set valid_to = '2026-10-01' where email = '{address}'");
    db.execute_unprepared(&done).await.unwrap();
}

/// The team says, by the link of its letter, that it was there.
async fn disputes(place: &Place, moment: &str) {
    let link = link(to(&place.mail(), "health-visiting-north@oh.nhs.example", "we missed you"));
    let mut agency = Person::anonymous(&place.site(moment).await);
    let fields =
        [("say", "disputed"), ("ground", "we_attended"), ("dispute", "Our colleague was on the call.")];
    assert_eq!(say(&mut agency, &link, &fields).await.status, 303);
}

/// What it says is not upheld.
async fn loses(qa: &mut Person) {
    let dispute = regex::Regex::new("/replies/[0-9a-f-]{36}").unwrap();
    let dispute = dispute.find(&qa.get("/replies").await.body).unwrap().as_str().to_owned();
    let mut form = qa.get(&dispute).await.form();
    set(&mut form, "verdict", "not_upheld");
    set(&mut form, "answer", "The list of the call does not have her.");
    assert_eq!(qa.post(&dispute, &form).await.status, 303);
}

both! {
    async fn a_reply_stops_a_step_before_it_goes_and_answers_one_that_has_gone(place: Place) {
        missed(&place, |row| row);
        climb(&place, NO_ANSWER);
        let (_, body, step) = queue(&place, NO_ANSWER).await;
        assert!(step.is_some(), "{body}");
        let site = place.site(NO_ANSWER).await;
        let link_of_team = link(to(&place.mail(), "health-visiting-north@oh.nhs.example", "we missed you"));
        let mut agency = Person::anonymous(&site);
        assert_eq!(say(&mut agency, &link_of_team, &[("say", "acknowledged")]).await.status, 303);
        let (mut qa, body, none) = queue(&place, NO_ANSWER).await;
        assert!(none.is_none() && body.contains("the agency replied"), "{body}");
        assert_eq!(decide(&mut qa, &step.unwrap(), &[("do", "approve")]).await.status, 404);
        assert!(climb(&place, "2026-10-09T09:00:00Z").contains("nothing"), "nor is it proposed again");
    }

    async fn a_letter_of_the_ladder_is_answered_by_its_own_link_and_is_open_until_then(place: Place) {
        missed(&place, |row| row);
        climb(&place, NO_ANSWER);
        let (mut qa, _, step) = queue(&place, NO_ANSWER).await;
        decide(&mut qa, &step.unwrap(), &[("do", "approve")]).await;
        let first = link(to(&place.mail(), "health-visiting-north@oh.nhs.example", "we missed you"));
        let mut early = Person::anonymous(&place.site(NO_ANSWER).await);
        let page = look(&mut early, &first).await.body;
        assert!(page.contains("We have read this") && !page.contains("asked your agency again"), "nothing has gone yet: {page}");
        place.done_at(NO_ANSWER, &["run-task", "dispatch"]);
        let own = link(rung(&place.mail(), "lead@oh.nhs.example", "may we talk").unwrap());
        let site = place.site("2026-10-20T09:00:00Z").await;
        let mut agency = Person::anonymous(&site);
        let page = look(&mut agency, &own).await.body;
        assert!(page.contains("what would help somebody from your service to be there?"), "{page}");
        assert!(!page.contains("We have read this"), "to have read it is no answer to what it asks: {page}");
        let read = say(&mut agency, &own, &[("say", "acknowledged")]).await;
        assert_eq!(read.status, 422, "nor by hand");
        let nothing = say(&mut agency, &own, &[("say", "explained"), ("reason", "no_capacity")]).await;
        assert!(nothing.status == 422 && nothing.body.contains("Say what would help somebody to be there"), "{}", nothing.body);
        let contact = [("say", "nominated"), ("nominee_email", "duty@oh.nhs.example"), ("nominee_role", "Duty health visitor")];
        assert_eq!(say(&mut agency, &own, &contact).await.status, 303);
        let (_, body, _) = queue(&place, "2026-10-20T09:00:00Z").await;
        assert!(!body.contains("answered: the agency replied"), "whom to write to is no answer: {body}");
        let fields = [("say", "explained"), ("reason", "no_capacity"), ("words", "Two posts are vacant."), ("prevention", "Afternoons, by video.")];
        assert_eq!(say(&mut agency, &own, &fields).await.status, 303, "alive after the first letter's link would not be");
        let (_, body, _) = queue(&place, "2026-10-20T09:00:00Z").await;
        assert!(body.contains("answered: the agency replied"), "{body}");
    }

    async fn a_dispute_pauses_a_step_and_nothing_goes_until_it_is_settled(place: Place) {
        // A plan ended without it: grave enough by itself, reply or not.
        let mut rows = conference("C-1");
        for row in &mut rows { *row = row.clone().with("decisions", "L1042=plan_ended_child_in_need"); }
        rows[2] = rows[2].clone().absent();
        place.import(EVENING, &rows);
        make_and_send(&place);
        assert!(climb(&place, "2026-10-01T08:20:00Z").contains("1 steps proposed"));
        let (mut qa, body, step) = queue(&place, "2026-10-01T08:30:00Z").await;
        assert!(body.contains("a grave effect on the decision"), "{body}");
        let step = step.unwrap();
        decide(&mut qa, &step, &[("do", "approve")]).await;
        // It disputes before the letter of the step is sent.
        disputes(&place, "2026-10-01T08:31:00Z").await;
        let said = place.done_at("2026-10-01T08:32:00Z", &["run-task", "dispatch"]);
        assert!(rung(&place.mail(), "lead@oh.nhs.example", "may we talk").is_none(), "{said}");
        let (mut qa, body, _) = queue(&place, "2026-10-01T08:33:00Z").await;
        assert!(body.contains("disputed, and waits for us"), "{body}");
        // Not upheld, it goes on where it stood.
        loses(&mut qa).await;
        place.done_at("2026-10-01T10:00:00Z", &["run-task", "dispatch"]);
        assert!(rung(&place.mail(), "lead@oh.nhs.example", "may we talk").is_some());
    }

    async fn a_dispute_about_the_miss_before_pauses_what_rests_on_both(place: Place) {
        let earlier = |row: crate::harness::log::Row| {
            row.with("conference_date", "2026-09-22").with("invited_on", "2026-08-24").with("report_received_on", "2026-09-10")
        };
        let mut before: Vec<_> = conference("C-0").into_iter().map(earlier).collect();
        before[2] = before[2].clone().absent();
        place.import("2026-09-22T15:30:00Z", &before);
        place.done_at("2026-09-22T16:05:00Z", &["run-task", "feedback"]);
        place.done_at("2026-09-22T16:05:00Z", &["run-task", "dispatch"]);
        let first = link(to(&place.mail(), "health-visiting-north@oh.nhs.example", "we missed you"));
        let mut agency = Person::anonymous(&place.site("2026-09-23T08:00:00Z").await);
        assert_eq!(say(&mut agency, &first, &[("say", "acknowledged")]).await.status, 303);
        missed(&place, |row| row);
        assert!(climb(&place, "2026-10-01T08:20:00Z").contains("1 steps proposed"));
        let (mut qa, body, step) = queue(&place, "2026-10-01T08:30:00Z").await;
        assert!(body.contains("missing again for the same child"), "{body}");
        let mut agency = Person::anonymous(&place.site("2026-10-01T08:31:00Z").await);
        let fields = [("say", "disputed"), ("ground", "we_attended"), ("dispute", "Our colleague was on the call.")];
        assert_eq!(say(&mut agency, &first, &fields).await.status, 303);
        let step = step.unwrap();
        let held = decide(&mut qa, &step, &[("do", "approve")]).await;
        assert!(held.status != 303 || held.location.as_deref() == Some("/escalation?done=paused"), "{}", held.body);
        place.done_at("2026-10-01T08:32:00Z", &["run-task", "dispatch"]);
        assert!(rung(&place.mail(), "lead@oh.nhs.example", "may we talk").is_none());
        loses(&mut qa).await;
        assert_eq!(decide(&mut qa, &step, &[("do", "approve")]).await.status, 303);
        place.done_at("2026-10-01T10:00:00Z", &["run-task", "dispatch"]);
        assert!(rung(&place.mail(), "lead@oh.nhs.example", "may we talk").is_some());
    }

    async fn a_letter_that_says_that_nobody_answered_does_not_go_once_somebody_has(place: Place) {
        missed(&place, |row| row);
        climb(&place, NO_ANSWER);
        let (mut qa, _, step) = queue(&place, NO_ANSWER).await;
        decide(&mut qa, &step.unwrap(), &[("do", "approve")]).await;
        disputes(&place, "2026-10-08T09:01:00Z").await;
        place.done_at("2026-10-08T09:02:00Z", &["run-task", "dispatch"]);
        loses(&mut qa).await;
        place.done_at("2026-10-08T11:00:00Z", &["run-task", "dispatch"]);
        assert!(rung(&place.mail(), "lead@oh.nhs.example", "may we talk").is_none(), "it would say that none has reached us");
        assert!(queue(&place, "2026-10-08T11:01:00Z").await.1.contains("answered: the agency replied"));
    }

    async fn what_was_said_before_it_was_asked_again_answers_once_it_is_said_again(place: Place) {
        three_misses_of_four(&place);
        climb(&place, "2026-09-30T09:00:00Z");
        let (mut qa, _, step) = queue(&place, "2026-09-30T09:00:00Z").await;
        decide(&mut qa, &step.unwrap(), &[("do", "approve")]).await;
        let own = link(to(&place.mail(), "health-visiting-north@oh.nhs.example", "we missed you"));
        let helps = [("say", "explained"), ("reason", "clash"), ("prevention", "Mornings, by video.")];
        let mut agency = Person::anonymous(&place.site("2026-09-30T09:10:00Z").await);
        assert_eq!(say(&mut agency, &own, &helps).await.status, 303);
        let (mut qa, _, call) = queue(&place, "2026-09-30T09:30:00Z").await;
        assert_eq!(decide(&mut qa, &call.unwrap(), &[("with", "manager")]).await.status, 303);
        let mut agency = Person::anonymous(&place.site("2026-09-30T10:00:00Z").await);
        assert_eq!(say(&mut agency, &own, &helps).await.status, 303);
        let body = queue(&place, "2026-09-30T10:01:00Z").await.1;
        assert!(body.contains("answered: the agency replied"), "{body}");
    }

    async fn a_contact_or_a_dispute_ends_no_fourth_rung_and_what_would_help_ends_it(place: Place) {
        three_misses_of_four(&place);
        climb(&place, "2026-09-30T09:00:00Z");
        let (mut qa, _, step) = queue(&place, "2026-09-30T09:00:00Z").await;
        decide(&mut qa, &step.unwrap(), &[("do", "approve")]).await;
        let (mut qa, _, call) = queue(&place, "2026-09-30T09:30:00Z").await;
        assert_eq!(decide(&mut qa, &call.unwrap(), &[("with", "manager")]).await.status, 303);
        place.write("records/contacts.csv", format!("{CONTACTS}{HEADS}"));
        place.done_at("2026-10-01T08:00:00Z", &["import", place.path("records/contacts.csv").to_str().unwrap()]);
        climb(&place, "2026-10-29T09:00:00Z");
        let fourth = |list: &str| steps(&list[..list.find("no answer to the step before").unwrap_or(0)]).pop();
        let (mut qa, ..) = queue(&place, "2026-10-29T09:00:00Z").await;
        let step = fourth(&qa.get("/escalation").await.body).expect("the twenty-first working day");
        // By an account, for the links of the first letters have had their time.
        let site = place.site("2026-10-29T10:00:00Z").await;
        let mut lead = Person::with_role(&place, &site, "agency_lead").await;
        place.done_at("2026-10-29T09:00:00Z", &["account", "grant", "agency_lead@quorate.example", "--agency", "OH"]);
        let page = lead.get("/agency").await.body;
        let answer = regex::Regex::new("/agency/answer/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
        let own = lead.post(&answer, &[]).await.location.unwrap();
        let contact = [("say", "nominated"), ("nominee_email", "duty@oh.nhs.example"), ("nominee_role", "Duty health visitor")];
        assert_eq!(say(&mut lead, &own, &contact).await.status, 303);
        assert!(lead.get("/agency").await.body.contains("we wrote again"), "whom to write to is not what was asked");
        assert_eq!(fourth(&qa.get("/escalation").await.body).as_ref(), Some(&step));
        // Approved, and its letter in the post: a contact does not stop it either, and what would help does.
        assert_eq!(decide(&mut qa, &step, &[("do", "approve")]).await.status, 303);
        place.done_at("2026-10-29T10:30:00Z", &["run-task", "dispatch"]);
        let mails = place.mail();
        let letter = rung(&mails, "head@oh.nhs.example", "this goes to PAQA").unwrap();
        assert!(letter.text.contains("have not heard what would help"), "it named somebody, and that is no answer: {}", letter.text);
        let helps = [("say", "explained"), ("reason", "clash"), ("prevention", "Mornings, by video.")];
        assert_eq!(say(&mut lead, &own, &helps).await.status, 303);
        let list = qa.get("/escalation").await.body;
        assert_eq!(list.matches("answered: the agency replied").count(), 2, "the third and the fourth: {list}");
        assert!(!lead.get("/agency").await.body.contains("we wrote again"));
    }

    async fn a_call_that_is_to_be_made_about_a_step_is_taken_back_where_the_record_is_corrected(place: Place) {
        missed(&place, |row| row);
        climb(&place, NO_ANSWER);
        leaves(&place, "lead@oh.nhs.example").await;
        let (mut qa, body, step) = queue(&place, NO_ANSWER).await;
        let at = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&body).unwrap().as_str().to_owned();
        let approved = decide(&mut qa, &step.unwrap(), &[("do", "approve")]).await;
        assert_eq!(approved.location.as_deref(), Some("/escalation?done=telephone"), "{}", approved.body);
        was_there(&mut qa, &at).await;
        assert!(climb(&place, "2026-10-08T10:00:00Z").contains("1 taken back"));
        let body = queue(&place, "2026-10-08T10:01:00Z").await.1;
        assert!(!body.contains("/telephoned") && body.contains("the record does not show it any more"), "{body}");
    }

    async fn what_was_amended_so_that_it_does_not_hold_any_more_is_taken_back(place: Place) {
        missed(&place, |row| row);
        climb(&place, NO_ANSWER);
        let site = place.site(NO_ANSWER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let today = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap();
        let list = qa.get("/escalation").await.body;
        let page = qa.get(&steps(&list)[0]).await.body;
        let at = today.find(&page).unwrap().as_str().to_owned();
        was_there(&mut qa, &at).await;
        let (mut qa, _, step) = queue(&place, NO_ANSWER).await;
        let seen = decide(&mut qa, &step.unwrap(), &[("do", "approve")]).await;
        assert_eq!(seen.location.as_deref(), Some("/escalation?done=overtaken"), "asked again when it is approved");
        assert!(rung(&place.mail(), "lead@oh.nhs.example", "may we talk").is_none());
        assert!(climb(&place, "2026-10-09T09:00:00Z").contains("nothing"));
    }

    async fn a_letter_of_the_ladder_that_has_gone_is_taken_back_where_the_record_is_corrected(place: Place) {
        missed(&place, |row| row);
        climb(&place, NO_ANSWER);
        let (mut qa, body, step) = queue(&place, NO_ANSWER).await;
        let at = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&body).unwrap().as_str().to_owned();
        decide(&mut qa, &step.unwrap(), &[("do", "approve")]).await;
        place.done_at(NO_ANSWER, &["run-task", "dispatch"]);
        was_there(&mut qa, &at).await;
        assert!(climb(&place, "2026-10-08T10:00:00Z").contains("1 taken back"));
        place.done_at("2026-10-08T10:01:00Z", &["run-task", "dispatch"]);
        assert!(rung(&place.mail(), "lead@oh.nhs.example", "please put our letter aside").is_some());
    }
}
