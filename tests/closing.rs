//! Closing a conference: what is looked at before the register is confirmed, who is told at once, and the minutes.

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
}
