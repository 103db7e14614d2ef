//! Amending a confirmed register: what it restates is looked at before it is made.

use crate::both;
use crate::feedback::make_and_send;
use crate::harness::Place;
use crate::harness::http::{Person, Seen, set};
use crate::harness::log::conference;
use crate::ladder::{NO_ANSWER, climb};
use crate::registers::{at_the_register, attend, field};

/// Sends an amendment, and makes it where its check page shows nothing more to ask.
pub async fn amend(person: &mut Person, there: &str, form: &[(String, String)]) -> Seen {
    let seen = person.post(there, form).await;
    if seen.status != 200 {
        return seen;
    }
    let mut form = seen.form();
    set(&mut form, "make", "yes");
    person.post(there, &form).await
}

/// The amend page of the nth agency.
pub async fn amend_page(person: &mut Person, conference: &str, nth: usize) -> String {
    let page = person.get(conference).await.body;
    let there = regex::Regex::new("/conferences/[^\"]*/amend/[^\"]*").unwrap();
    there.find_iter(&page).nth(nth).unwrap().as_str().to_owned()
}

/// The health visitor was there after all: the third agency of a conference is amended.
pub async fn was_there(person: &mut Person, conference: &str) {
    let there = amend_page(person, conference, 2).await;
    let mut form = person.get(&there).await.form();
    attend(&mut form, &["video"]);
    set(&mut form, "why", "She was in the waiting room of the call.");
    assert_eq!(amend(person, &there, &form).await.status, 303);
}

/// The register with the health visitor absent, and its letter gone.
async fn missed(place: &Place) -> (Person, String, String) {
    let mut rows = conference("C-1");
    rows[2] = rows[2].clone().absent();
    let (_, mut qa, at) = at_the_register(place, rows, "qa_manager").await;
    make_and_send(place);
    let there = amend_page(&mut qa, &at, 2).await;
    (qa, at, there)
}

/// The reason for the absence is amended.
async fn gives_a_reason(person: &mut Person, there: &str, reason: &str) {
    let mut form = person.get(there).await.form();
    let field =
        form.iter().map(|(name, _)| name.clone()).find(|name| name.ends_with(".absence_reason")).unwrap();
    set(&mut form, &field, reason);
    set(&mut form, "why", "We looked again.");
    assert_eq!(amend(person, there, &form).await.status, 303);
}

async fn looked_at(
    person: &mut Person,
    there: &str,
    change: impl FnOnce(&mut Vec<(String, String)>),
) -> Seen {
    let mut form = person.get(there).await.form();
    change(&mut form);
    person.post(there, &form).await
}

both! {
    async fn what_is_right_again_before_its_correction_went_is_written_about_to_nobody_and_still_waits_for_its_answer(place: Place) {
        let (mut qa, _, there) = missed(&place).await;
        let before = place.mail().len();
        for (n, reason) in ["clash", ""].iter().enumerate() {
            gives_a_reason(&mut qa, &there, reason).await;
            // Made, and not sent: the post waits.
            place.done_at(&format!("2026-09-30T17:{}:00Z", 10 + 35 * n), &["run-task", "feedback"]);
        }
        place.done_at("2026-10-01T08:00:00Z", &["run-task", "feedback"]);
        place.done_at("2026-10-01T08:05:00Z", &["run-task", "dispatch"]);
        assert_eq!(place.mail().len(), before, "all that was told is so");
        place.done_at("2026-10-06T08:00:00Z", &["run-task", "reminders"]);
        place.done_at("2026-10-06T08:05:00Z", &["run-task", "dispatch"]);
        assert!(place.mail()[before..].iter().any(|m| m.subject.contains("your answer")), "{:?}", &place.mail()[before..]);
        assert!(climb(&place, NO_ANSWER).contains("1 steps proposed"), "its letter stands, and nobody answered it");
    }

    async fn a_correction_names_what_is_otherwise_than_what_was_told_and_not_than_what_never_went(place: Place) {
        let (mut qa, _, there) = missed(&place).await;
        let before = place.mail().len();
        for (n, reason) in ["clash", "leave_or_sickness"].iter().enumerate() {
            gives_a_reason(&mut qa, &there, reason).await;
            place.done_at(&format!("2026-09-30T17:{}:00Z", 10 + 35 * n), &["run-task", "feedback"]);
        }
        place.done_at("2026-10-01T08:00:00Z", &["run-task", "feedback"]);
        place.done_at("2026-10-01T08:05:00Z", &["run-task", "dispatch"]);
        let mails = place.mail();
        let corrections: Vec<_> = mails.iter().filter(|m| m.subject.contains("a correction")).collect();
        assert_eq!(corrections.len(), mails.len() - before, "each reader has one: {corrections:?}");
        for mail in corrections {
            assert!(mail.text.contains("the reason for the absence") && !mail.text.contains("clash"), "{}", mail.text);
        }
    }

    async fn a_correction_of_what_still_stands_still_asks_for_its_answer(place: Place) {
        let (mut qa, _, there) = missed(&place).await;
        gives_a_reason(&mut qa, &there, "clash").await;
        place.done_at("2026-10-01T08:00:00Z", &["run-task", "feedback"]);
        place.done_at("2026-10-01T08:05:00Z", &["run-task", "dispatch"]);
        let mails = place.mail();
        let letter = mails.iter().find(|m| m.subject.contains("a correction")).unwrap();
        assert!(letter.text.contains("we still ask for it by Thursday 8 October 2026"), "{}", letter.text);
        place.done_at("2026-10-07T08:00:00Z", &["run-task", "reminders"]);
        place.done_at("2026-10-07T08:05:00Z", &["run-task", "dispatch"]);
        assert!(place.mail().len() > mails.len(), "it is reminded of");
        assert!(climb(&place, "2026-10-08T09:00:00Z").contains("nothing"), "the day that the last letter named");
        assert!(climb(&place, "2026-10-09T09:00:00Z").contains("1 steps proposed"));
    }

    async fn an_amendment_says_what_it_restates_before_anything_is_changed(place: Place) {
        let (mut qa, at, there) = missed(&place).await;
        let (report, sent) = (place.report("2026-09"), place.outbox().len());
        let seen = looked_at(&mut qa, &there, |form| {
            attend(form, &["video"]);
            set(form, "why", "She was in the waiting room of the call.");
        }).await;
        assert_eq!(seen.status, 200);
        for text in [
            "Nothing is changed yet",
            "“absent” becomes “by video”",
            "absent without word; no view of this agency was obtained",
            "<th scope=\"row\" class=\"govuk-table__header\">Attendance rate</th><td class=\"govuk-table__cell\">3 of 4</td><td class=\"govuk-table__cell\">4 of 4</td>",
            "Figures of September 2026",
            "A letter that has not gone is stopped; one that went is corrected: Health Visiting North, Health visitor.",
        ] {
            assert!(seen.body.contains(text), "{text}: {}", seen.body);
        }
        assert!(!seen.body.contains("Plans ended without a core agency") && !seen.body.contains("Marston"), "{}", seen.body);
        assert_eq!((place.report("2026-09"), place.outbox().len()), (report, sent));
        assert!(!qa.get(&at).await.body.contains("Amendments"));

        let mut form = seen.form();
        set(&mut form, "make", "yes");
        assert_eq!(qa.post(&there, &form).await.status, 303);
        assert_eq!(place.report("2026-09")["M1"]["numerator"], 4);
        assert!(qa.get(&at).await.body.contains("attendance: “absent” became “by video”"));
        place.done_at("2026-09-30T16:10:00Z", &["run-task", "feedback"]);
        assert!(place.outbox().iter().any(|letter| letter["kind"] == "correction"), "what the page promised");
    }

    async fn an_amendment_of_a_decision_names_the_figures_of_plan_ends(place: Place) {
        let (mut qa, at, _) = missed(&place).await;
        let seen = looked_at(&mut qa, &format!("{at}/amend"), |form| {
            let decision = field(form, 0, "decision");
            set(form, &decision, "plan_ended_child_in_need");
            set(form, "why", "The minutes say so.");
        }).await;
        for text in [
            "L1042: decision", "no plan ended", "the plan ended without Health Visiting North, Health visitor",
            "Plans ended without a core agency</th><td class=\"govuk-table__cell\">0 of 0</td><td class=\"govuk-table__cell\">1 of 1</td>",
            "A letter that has not gone says it as it then stands; one that went is corrected: Health Visiting North, Health visitor.",
            "After this the plan for L1042 ends without a core agency. Why does it still end?",
        ] {
            assert!(seen.body.contains(text), "{text}: {}", seen.body);
        }
    }

    async fn what_changes_nothing_else_says_so(place: Place) {
        let (mut qa, _, there) = missed(&place).await;
        let seen = looked_at(&mut qa, &there.clone(), |form| {
            let response = field(form, 0, "response");
            set(form, &response, "none");
            set(form, "why", "It never answered.");
        }).await;
        assert!(seen.body.contains("No standing, no impact, no plan end and no quorum changes."), "{}", seen.body);
        assert!(seen.body.contains("Answered on or before the day"), "{}", seen.body);
    }

    async fn a_reason_that_seems_to_name_somebody_is_looked_at_again_before_it_is_kept(place: Place) {
        let (mut qa, at, there) = missed(&place).await;
        let seen = looked_at(&mut qa, &there, |form| {
            attend(form, &["video"]);
            set(form, "why", "The mother of L1042 said so.");
        }).await;
        assert!(seen.body.contains("Your reason seems to hold “L1042”, which is written on this conference."), "{}", seen.body);
        let mut form = seen.form();
        set(&mut form, "make", "yes");
        let refused = qa.post(&there, &form).await;
        assert_eq!(refused.status, 422);
        assert!(!qa.get(&at).await.body.contains("Amendments"));
        set(&mut form, "looked_again", "yes");
        assert_eq!(qa.post(&there, &form).await.status, 303);
    }

    async fn going_back_from_the_check_shows_what_was_typed(place: Place) {
        let (mut qa, _, there) = missed(&place).await;
        let seen = looked_at(&mut qa, &there, |form| {
            attend(form, &["video"]);
            set(form, "why", "She rang in.");
        }).await;
        let mut form = seen.form();
        set(&mut form, "back", "yes");
        let back = qa.post(&there, &form).await;
        let again = back.form();
        let chosen = |name: &str| again.iter().find(|(n, _)| n.ends_with(name)).unwrap().1.clone();
        assert_eq!((chosen(".attendance"), chosen("why")), ("video".to_owned(), "She rang in.".to_owned()));
    }

    async fn what_an_absence_did_is_amended_with_what_stood_before(place: Place) {
        let (mut qa, at, there) = missed(&place).await;
        let seen = looked_at(&mut qa, &there, |form| {
            let asked = form.iter().find(|(n, _)| n.ends_with(".impact_asked")).unwrap().0.clone();
            form.push((asked.replace("_asked", ""), "information_gap".to_owned()));
            set(form, &asked.replace("_asked", "_note"), "Weight and growth were not known.");
            set(form, "why", "The chair said so afterwards.");
        }).await;
        assert!(seen.body.contains("we relied on old or second-hand information"), "{}", seen.body);
        let mut form = seen.form();
        set(&mut form, "make", "yes");
        assert_eq!(qa.post(&there, &form).await.status, 303);
        let page = qa.get(&at).await.body;
        assert!(page.contains("impact: nothing became “we relied on old or second-hand information”"), "{page}");
        assert!(page.contains("we relied on old or second-hand information (severity 2 of 3)") && page.contains("Weight and growth were not known."), "{page}");
        place.done_at("2026-09-30T16:10:00Z", &["run-task", "feedback"]);
        place.done_at("2026-09-30T16:10:00Z", &["run-task", "dispatch"]);
        assert!(place.mail().iter().all(|mail| !mail.raw.replace("=\r\n", "").contains("Weight and growth")), "free text is in no email");
    }

    async fn an_amendment_answers_what_a_confirmation_would_have_asked(place: Place) {
        let mut rows = conference("C-1");
        for n in [2, 3] {
            rows[n] = rows[n].clone().absent();
        }
        let (_, mut qa, at) = at_the_register(&place, rows, "qa_manager").await;
        let decisions = format!("{at}/amend");
        let ends = |form: &mut Vec<(String, String)>| {
            let decision = field(form, 0, "decision");
            set(form, &decision, "plan_ended_child_in_need");
            set(form, "why", "The minutes say so.");
        };
        let seen = looked_at(&mut qa, &decisions, ends).await;
        let mut form = seen.form();
        set(&mut form, "make", "yes");
        let refused = qa.post(&decisions, &form).await;
        assert!(refused.status == 422 && refused.body.contains("Say why the plan for L1042 still ends."), "{}", refused.body);
        let mut form = refused.form();
        let why = form.iter().find(|(name, _)| name.starts_with("why.")).unwrap().0.clone();
        set(&mut form, &why, "Both wrote that they agree.");
        set(&mut form, "make", "yes");
        assert_eq!(qa.post(&decisions, &form).await.status, 303);
        let page = qa.get(&at).await.body;
        assert!(page.contains("Why it still ends: Both wrote that they agree."), "{page}");
        place.done_at("2026-09-30T21:00:00Z", &["run-task", "dispatch"]);
        let told = place.mail().iter().filter(|m| m.subject.starts_with("A plan was ended without quorum")).count();
        assert!(told >= 1, "the QA managers are told of it at once");
    }

    async fn an_amendment_that_does_not_agree_with_itself_is_refused(place: Place) {
        let (mut qa, at, _) = missed(&place).await;
        let seen = looked_at(&mut qa, &format!("{at}/amend"), |form| {
            set(form, "conference.status", "adjourned");
            set(form, "conference.adjournment_reason", "family");
            set(form, "why", "It was adjourned.");
        }).await;
        assert!(seen.status == 422 && seen.body.contains("do not agree on whether it was adjourned"), "{}", seen.body);
    }

    async fn what_is_amended_is_what_was_looked_at(place: Place) {
        let (mut qa, at, there) = missed(&place).await;
        let change = |form: &mut Vec<(String, String)>| {
            attend(form, &["video"]);
            set(form, "why", "She rang in.");
        };
        let mut first = looked_at(&mut qa, &there, change).await.form();
        let other = amend_page(&mut qa, &at, 3).await;
        let mut form = qa.get(&other).await.form();
        attend(&mut form, &["phone"]);
        set(&mut form, "why", "He rang in.");
        assert_eq!(amend(&mut qa, &other, &form).await.status, 303);
        set(&mut first, "make", "yes");
        let seen = qa.post(&there, &first).await;
        assert!(seen.status == 200 && seen.body.contains("Somebody changed the register while you were reading."), "{}", seen.body);
        let mut again = seen.form();
        set(&mut again, "make", "yes");
        assert_eq!(qa.post(&there, &again).await.status, 303);
    }

    async fn what_is_put_down_of_an_absence_goes_with_it(place: Place) {
        let (mut qa, at, there) = missed(&place).await;
        let tick = |form: &mut Vec<(String, String)>| {
            let asked = form.iter().find(|(n, _)| n.ends_with(".impact_asked")).unwrap().0.clone();
            form.push((asked.replace("_asked", ""), "information_gap".to_owned()));
            set(form, &asked.replace("_asked", "_note"), "Nobody knew the weights.");
            set(form, "why", "The chair said so.");
        };
        let mut form = qa.get(&there).await.form();
        tick(&mut form);
        assert_eq!(amend(&mut qa, &there, &form).await.status, 303);
        let mut form = qa.get(&there).await.form();
        attend(&mut form, &["video"]);
        set(&mut form, "why", "She was there after all.");
        let seen = qa.post(&there, &form).await;
        assert!(seen.body.contains("“Nobody knew the weights.” becomes nothing"), "{}", seen.body);
        assert_eq!(amend(&mut qa, &there, &form).await.status, 303);
        let mut form = qa.get(&there).await.form();
        tick(&mut form);
        let seen = qa.post(&there, &form).await;
        assert!(seen.body.contains("Nothing was changed."), "nothing is put down of whoever was there: {}", seen.body);
        assert!(!qa.get(&at).await.body.contains("What absences did"));
    }

    async fn no_effect_is_put_down_beside_none_that_the_register_shows(place: Place) {
        let mut rows: Vec<_> = conference("C-1").into_iter().map(|row| row.with("decisions", "L1042=plan_ended_child_in_need")).collect();
        rows[2] = rows[2].clone().with("attendance", "absent");
        let (_, mut qa, at) = at_the_register(&place, rows, "qa_manager").await;
        let there = amend_page(&mut qa, &at, 2).await;
        let seen = looked_at(&mut qa, &there, |form| {
            let asked = form.iter().find(|(n, _)| n.ends_with(".impact_asked")).unwrap().0.clone();
            form.push((asked.replace("_asked", ""), "no_material_effect".to_owned()));
            set(form, "why", "Its report said all.");
        }).await;
        assert!(seen.status == 422 && seen.body.contains("Health visitor: by the register it had an effect"), "{}", seen.body);
    }

    async fn a_change_that_a_letter_rests_on_is_said_to_touch_it(place: Place) {
        let (mut qa, at, _) = missed(&place).await;
        let seen = looked_at(&mut qa, &format!("{at}/amend"), |form| {
            set(form, "conference.decision_time", "14:35");
            set(form, "why", "The clock was wrong.");
        }).await;
        assert!(seen.body.contains("one that went is corrected: Health Visiting North"), "{}", seen.body);
        let mut form = seen.form();
        set(&mut form, "make", "yes");
        assert_eq!(qa.post(&format!("{at}/amend"), &form).await.status, 303);
        place.done_at("2026-09-30T16:10:00Z", &["run-task", "feedback"]);
        place.done_at("2026-09-30T16:10:00Z", &["run-task", "dispatch"]);
        let mails = place.mail();
        let correction = mails.iter().find(|mail| mail.subject.contains("correction")).expect("a correction");
        assert!(correction.text.contains("What that meant."), "what it says in the place of the earlier one: {}", correction.text);
    }
}
