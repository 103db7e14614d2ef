//! Closing a conference: what is looked at before the register is confirmed, who is told at once, and the minutes.

use sea_orm::ConnectionTrait;

use crate::both;
use crate::harness::http::{Person, set};
use crate::harness::log::{Row, conference};
use crate::registers::{at_the_register, attend, open};

/// A register of which the plan ends with these there, and the reasons asked for.
async fn closes(
    chair: &mut Person,
    conference: &str,
    there: &[&str],
    why: &str,
) -> crate::harness::http::Seen {
    let mut form = chair.get(&format!("{conference}/register")).await.form();
    attend(&mut form, there);
    set(&mut form, "conference.decision_time", "14:30");
    assert_eq!(chair.post(&format!("{conference}/register"), &form).await.status, 303);
    let shown = chair.get(&format!("{conference}/confirm")).await;
    let mut form = shown.form();
    for found in regex::Regex::new("name=\"(why\\.[0-9a-f-]{36})\"").unwrap().captures_iter(&shown.body) {
        set(&mut form, &found[1], why);
    }
    if shown.body.contains("name=\"proceeded\"") {
        set(&mut form, "proceeded", "information_sufficient");
    }
    chair.post(&format!("{conference}/confirm"), &form).await
}

fn ends(name: &str) -> Vec<Row> {
    conference(name).into_iter().map(|row| row.with("decisions", "L1042=plan_ended_child_in_need")).collect()
}

both! {
    async fn a_register_is_confirmed_while_a_month_closes_and_neither_fails(place: Place) {
        let (_, mut chair, at) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let mut form = chair.get(&format!("{at}/register")).await.form();
        attend(&mut form, &["in_person", "in_person", "phone", "video"]);
        set(&mut form, "conference.decision_time", "14:30");
        assert_eq!(chair.post(&format!("{at}/register"), &form).await.status, 303);
        let form = chair.get(&format!("{at}/confirm")).await.form();
        // As a close does: what it counts stands still first, and the trail's head is wanted last.
        let site = place.site("2026-09-30T16:30:00Z").await;
        let close = site.db.begin("a close").await.unwrap();
        close.keep_as_they_are(&["register", "amendment"]).await.unwrap();
        let ends = async {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            close.conn().execute_unprepared("update audit_head set number = number").await.unwrap();
            close.commit().await.unwrap();
        };
        let path = format!("{at}/confirm");
        let (confirmed, ()) = tokio::join!(chair.post(&path, &form), ends);
        assert_eq!(confirmed.status, 303, "{}", confirmed.body);
    }

    async fn a_reason_that_seems_to_name_somebody_is_looked_at_again(place: Place) {
        let (_, mut chair, at) = at_the_register(&place, open(ends("C-1")), "chair").await;
        let there = ["in_person", "absent", "phone", "video"];
        let refused = closes(&mut chair, &at, &there, "The school of L1042 agreed, born 03/04/2015.").await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("which is written on this conference") && refused.body.contains("may be a date of birth"), "{}", refused.body);
        let mut form = refused.form();
        let why = regex::Regex::new("name=\"(why\\.[0-9a-f-]{36})\"").unwrap().captures(&refused.body).unwrap()[1].to_owned();
        set(&mut form, &why, "The school of L1042 agreed, born 03/04/2015.");
        set(&mut form, "looked_again", "yes");
        assert_eq!(chair.post(&format!("{at}/confirm"), &form).await.status, 303);
    }

    async fn the_qa_managers_are_told_at_once_of_a_plan_that_ended_without_quorum(place: Place) {
        place.account("qa_manager", "a long enough password");
        let (_, mut chair, at) = at_the_register(&place, open(ends("C-1")), "chair").await;
        let done = closes(&mut chair, &at, &["in_person", "video", "absent", "absent"], "They agreed in writing.").await;
        assert_eq!(done.status, 303, "{}", done.body);
        // In the evening: nobody waits for office hours to be told.
        place.done_at("2026-09-30T21:00:00Z", &["run-task", "dispatch"]);
        let mails = place.mail();
        assert!(mails.len() == 1 && mails[0].to == "qa_manager@quorate.example" && mails[0].subject.starts_with("A plan was ended without quorum"), "{mails:?}");
        assert!(!mails[0].raw.contains("L1042"));
    }

    async fn a_second_conference_running_without_quorum_is_said_before_it_is_confirmed(place: Place) {
        let earlier = conference("C-0").into_iter().enumerate().map(|(n, row)| {
            let row = row.with("conference_date", "2026-06-30").with("invited_on", "2026-06-01").with("report_received_on", "2026-06-25");
            if n > 1 { row.absent() } else { row }
        });
        let rows: Vec<Row> = earlier.chain(open(conference("C-1"))).collect();
        let (_, mut chair, at) = at_the_register(&place, rows, "chair").await;
        let mut form = chair.get(&format!("{at}/register")).await.form();
        attend(&mut form, &["in_person", "video", "absent", "absent"]);
        set(&mut form, "conference.decision_time", "14:30");
        chair.post(&format!("{at}/register"), &form).await;
        let page = chair.get(&format!("{at}/confirm")).await.body;
        assert!(page.contains("was not quorate either"), "{page}");
        let page = chair.get(&format!("{at}/register")).await.body;
        assert!(page.contains("With Health Visiting North or Child Abuse Investigation Unit it would be quorate."), "{page}");
    }

    async fn a_confirmed_register_gives_the_attendance_for_the_minutes(place: Place) {
        let (site, mut chair, at) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let done = closes(&mut chair, &at, &["in_person", "video", "phone", "absent"], "").await;
        assert_eq!(done.status, 303, "{}", done.body);
        let page = chair.get(&at).await.body;
        assert!(page.contains("Present at the decision:\n- Family Safeguarding North (Lead social worker), in person, report: on time"), "{page}");
        assert!(page.contains("Not there; sent a report:\n- Child Abuse Investigation Unit (Officer)"), "{page}");
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        assert!(administrator.get(&at).await.body.contains("Copy the attendance"));
    }

    async fn a_chair_puts_down_what_absences_did_and_the_letter_says_it_but_not_the_words(place: Place) {
        let (_, mut chair, at) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let mut form = without_the_health_visitor(&mut chair, &at).await;
        let asked = asked(&form);
        form.push((asked.replace("_asked", ""), "information_gap".to_owned()));
        form.push((asked.replace("_asked", ""), "action_unowned".to_owned()));
        set(&mut form, &asked.replace("_asked", "_note"), "Nobody knew the weights.");
        set(&mut form, &asked.replace("_asked", "_note_shown"), "yes");
        assert_eq!(chair.post(&format!("{at}/confirm"), &form).await.status, 303);
        let page = chair.get(&at).await.body;
        for text in [
            "no view of this agency was obtained (severity 2 of 3)",
            "we relied on old or second-hand information (severity 2 of 3)",
            "Nobody knew the weights.", "The agency may be shown this",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        place.done_at("2026-09-30T16:40:00Z", &["run-task", "feedback"]);
        place.done_at("2026-09-30T16:40:00Z", &["run-task", "dispatch"]);
        let mails = place.mail();
        assert_eq!(mails.len(), 2);
        for mail in mails {
            let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains("We had to rely on old or second-hand information"), "{text}");
            assert!(text.contains("Actions of the plan could not be agreed"), "{text}");
            assert!(!mail.raw.replace("=\r\n", "").contains("weights"), "{}", mail.raw);
        }
    }

    async fn what_is_put_down_is_refused_whole_where_it_contradicts_itself_and_nothing_ticked_is_lost(place: Place) {
        let (_, mut chair, at) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let form = without_the_health_visitor(&mut chair, &at).await;
        let name = asked(&form).replace("_asked", "");
        let ticked = |codes: &[&str], note: &str| {
            let mut form = form.clone();
            form.extend(codes.iter().map(|code| (name.clone(), (*code).to_owned())));
            set(&mut form, &format!("{name}_note"), note);
            form
        };
        let confirm = format!("{at}/confirm");
        let seen = chair.post(&confirm, &ticked(&["no_material_effect"], "")).await;
        assert!(seen.status == 422 && seen.body.contains("Health visitor: no report came that could have covered what it knew"), "{}", seen.body);
        let seen = chair.post(&confirm, &ticked(&["no_material_effect", "information_gap"], "")).await;
        assert!(seen.status == 422 && seen.body.contains("cannot both be ticked"), "{}", seen.body);
        let seen = chair.post(&confirm, &ticked(&["information_gap"], &"x".repeat(281))).await;
        assert!(seen.status == 422 && seen.body.contains("281 characters: write 280 at most"), "{}", seen.body);
        assert!(seen.form().contains(&(name.clone(), "information_gap".to_owned())), "the tick stays");
        let seen = chair.post(&confirm, &ticked(&["information_gap"], "L1042 was not weighed.")).await;
        assert!(seen.status == 422 && seen.body.contains("What you wrote about Health Visiting North, Health visitor seems to hold “L1042”"), "{}", seen.body);
        assert!(!chair.get(&at).await.body.contains("Confirmed by"));
        let form = seen.form();
        assert!(form.contains(&(name.clone(), "information_gap".to_owned())) && form.contains(&(format!("{name}_note"), "L1042 was not weighed.".to_owned())));
        assert_eq!(chair.post(&confirm, &ticked(&["information_gap"], &"é".repeat(280))).await.status, 303);
    }

    async fn an_agency_may_take_another_view_of_each_child(place: Place) {
        let rows = conference("C-1").into_iter();
        let rows = rows.map(|row| row.with("child_refs", "L1042;L1043").with("decisions", "L1042=plan_continues;L1043=plan_ended_child_in_need"));
        let (_, mut chair, at) = at_the_register(&place, open(rows.collect()), "chair").await;
        let mut form = chair.get(&format!("{at}/register")).await.form();
        attend(&mut form, &["in_person", "video", "phone", "absent"]);
        set(&mut form, "conference.decision_time", "14:30");
        let school = crate::registers::field(&form, 1, "report").replace(".report", ".view");
        set(&mut form, &school, "agree");
        let views: Vec<String> = form.iter().filter(|(n, _)| n.starts_with(&format!("{school}_"))).map(|(n, _)| n.clone()).collect();
        assert_eq!(views.len(), 2, "a field for each child");
        set(&mut form, &views[1], "disagree");
        assert_eq!(chair.post(&format!("{at}/register"), &form).await.status, 303);
        let shown = chair.get(&format!("{at}/confirm")).await;
        assert!(shown.body.contains("You are ending the plan for L1043"), "{}", shown.body);
        let mut form = shown.form();
        for (name, _) in shown.form().iter().filter(|(name, _)| name.starts_with("why.")) {
            set(&mut form, name, "Agreed with the police by telephone.");
        }
        assert_eq!(chair.post(&format!("{at}/confirm"), &form).await.status, 303);
        let page = chair.get(&at).await.body;
        assert!(page.contains("<strong>Disagree:</strong> Marston Primary School, Designated safeguarding lead"), "{page}");
        assert!(page.contains("agrees; child 2 disagrees"), "{page}");
        assert!(page.contains("Decision for child 2: plan ended: child in need; disagree: Marston Primary School"), "{page}");
        assert!(page.contains("Decision for child 1: plan continues\n"), "{page}");
    }
}

/// The confirm page of a register of which the health visitor alone was absent, without a report.
async fn without_the_health_visitor(chair: &mut Person, at: &str) -> Vec<(String, String)> {
    let mut form = chair.get(&format!("{at}/register")).await.form();
    attend(&mut form, &["in_person", "video", "absent", "phone"]);
    for name in ["report", "report_received_on"] {
        let name = crate::registers::field(&form, 2, name);
        set(&mut form, &name, if name.ends_with("_on") { "" } else { "none" });
    }
    set(&mut form, "conference.decision_time", "14:30");
    assert_eq!(chair.post(&format!("{at}/register"), &form).await.status, 303);
    chair.get(&format!("{at}/confirm")).await.form()
}

fn asked(form: &[(String, String)]) -> String {
    form.iter().find(|(name, _)| name.ends_with(".impact_asked")).unwrap().0.clone()
}
