//! One invitation through what can happen to it: whose fault is whose, and who is written to.

use crate::both;
use crate::convening::{HV, booked, calendar, details, dispatch, fields, link, office, sent, step, to};
use crate::harness::http::{Person, set};
use crate::harness::log::LATER;
use crate::harness::smtp::{MailServer, Tls, Trouble};
use crate::post::dispatch as post_by;

/// The page of the health visitor's invitation.
async fn health_visitor(person: &mut Person, at: &str) -> String {
    let page = person.get(&format!("{at}/invitations")).await.body;
    let row =
        regex::Regex::new(&format!("href=\"({at}/invitations/[0-9a-f-]{{36}})\">Health Visiting North"))
            .unwrap();
    row.captures(&page).unwrap_or_else(|| panic!("{page}"))[1].to_owned()
}

/// The row of the health visitor in the list, without its tags.
async fn row(person: &mut Person, at: &str) -> String {
    let page = person.get(&format!("{at}/invitations")).await.body;
    let row = regex::Regex::new("(?s)<tr><th[^>]*>(?:<a[^>]*>)?Health Visiting North.*?</tr>").unwrap();
    let tags = regex::Regex::new("<[^>]*>").unwrap();
    tags.replace_all(row.find(&page).unwrap_or_else(|| panic!("{page}")).as_str(), " ").into_owned()
}

both! {
    async fn a_form_that_is_sent_twice_books_and_invites_once(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let form = details(&mut administrator).await;
        let list = step(&mut administrator, &form, "details").await;
        let check = step(&mut administrator, &sent(&list), "list").await;
        let first = step(&mut administrator, &sent(&check), "book").await.location.unwrap();
        let second = step(&mut administrator, &sent(&check), "book").await.location.unwrap();
        assert_eq!(first.replace("booked", "already"), second);
        assert_eq!(dispatch(&place, LATER).len(), 3);
    }

    async fn changed_details_make_the_list_anew_and_no_tick_lands_on_another_agency(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let form = details(&mut administrator).await;
        let list = step(&mut administrator, &form, "details").await;
        let mut lines = sent(&list);
        set(&mut lines, "child.0", "L7777");
        set(&mut lines, "kind", "pre_birth");
        let page = step(&mut administrator, &lines, "list").await;
        assert!(page.status == 200 && page.body.contains("so the list was made anew") && !page.body.contains("Marston Primary School, Schools</label>"), "{}", page.body);
    }

    async fn an_invitation_that_is_refused_is_our_fault_and_one_that_could_not_be_handed_over_was_not_sent(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[]).await;
        let server = MailServer::start(Tls::Starttls);
        server.trouble(Trouble::OneRecipient(HV, "550 5.1.1 no such user"));
        post_by(&place, &server, LATER, &[]);
        let line = row(&mut administrator, &at).await;
        assert!(line.contains("came back from"), "{line}");
        // It is rung, and what was said of the address that failed is not said again.
        let one = health_visitor(&mut administrator, &at).await;
        administrator.post(&format!("{one}/telephoned"), &[]).await;
        let line = row(&mut administrator, &at).await;
        assert!(line.contains("30 September 2026, by telephone"), "{line}");
        place.done_at("2026-11-25T08:30:00Z", &["run-task", "reminders"]);
        let mails = dispatch(&place, "2026-11-25T08:31:00Z");
        assert!(!mails.is_empty() && mails.iter().all(|m| m.to != HV), "nobody writes to an address that failed: {mails:?}");
    }

    async fn a_link_that_went_to_a_wrong_address_answers_no_more(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[]).await;
        let first = link(to(&dispatch(&place, LATER), HV));
        let one = health_visitor(&mut administrator, &at).await;
        let again = fields(&[("email", "lead@oh.nhs.example"), ("wrong", "yes")]);
        let done = administrator.post(&format!("{one}/address"), &again).await;
        assert!(done.location.unwrap().ends_with("?done=sent"));
        let second = link(to(&dispatch(&place, "2026-09-30T16:06:00Z"), "lead@oh.nhs.example"));
        let site = place.site(LATER).await;
        let mut anybody = Person::anonymous(&site);
        assert_eq!(anybody.get(&first).await.status, 410);
        assert_eq!(anybody.post(&first, &fields(&[("answer", "apologies"), ("reason", "not_known_to_service")])).await.status, 410);
        assert_eq!(anybody.post(&second, &fields(&[("answer", "accepted")])).await.status, 303);
        assert!(row(&mut administrator, &at).await.contains("accepted"));
    }

    async fn sending_again_keeps_the_day_on_which_they_were_invited_unless_the_address_was_wrong(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[]).await;
        dispatch(&place, LATER);
        let later = place.site("2026-11-20T10:00:00Z").await;
        administrator.sign_in("administrator@quorate.example", "a long enough password").await;
        administrator.moved_to(&later);
        administrator.sign_in("administrator@quorate.example", "a long enough password").await;
        let one = health_visitor(&mut administrator, &at).await;
        let form = |wrong: &'static str| fields(&[("email", "lead@oh.nhs.example"), ("wrong", wrong)]);
        administrator.post(&format!("{one}/address"), &form("")).await;
        let line = row(&mut administrator, &at).await;
        assert!(line.contains("30 September 2026") && !line.contains("late"), "{line}");
        administrator.post(&format!("{one}/address"), &form("yes")).await;
        let line = row(&mut administrator, &at).await;
        assert!(line.contains("20 November 2026") && line.contains("late"), "our fault, said: {line}");
    }

    async fn withdrawn_is_told_once_and_comes_back_by_a_new_invitation(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[]).await;
        let first = link(to(&dispatch(&place, LATER), HV));
        let one = health_visitor(&mut administrator, &at).await;
        let unsure = administrator.post(&format!("{one}/withdraw"), &[]).await;
        assert!(unsure.location.unwrap().ends_with("?done=sure"));
        administrator.post(&format!("{one}/withdraw"), &fields(&[("sure", "yes")])).await;
        let mails = dispatch(&place, "2026-09-30T16:06:00Z");
        assert!(mails.len() == 1 && mails[0].subject.ends_with("you are no longer expected"), "{mails:?}");
        assert!(calendar(&mails[0]).contains("METHOD:CANCEL"));
        let site = place.site(LATER).await;
        assert!(Person::anonymous(&site).get(&first).await.body.contains("no longer expected"));
        administrator.post(&format!("{one}/reinstate"), &[]).await;
        let mails = dispatch(&place, "2026-09-30T16:07:00Z");
        assert!(mails.len() == 1 && mails[0].subject.ends_with("invitation"), "{mails:?}");
        assert!(row(&mut administrator, &at).await.contains("no answer"));
        // Withdrawn before it has gone, it is as if it had never been, and nobody is told of what they never heard of.
        let other = booked(&mut administrator, &[("date", "03/12/2026")]).await;
        let one = health_visitor(&mut administrator, &other).await;
        administrator.post(&format!("{one}/withdraw"), &fields(&[("sure", "yes")])).await;
        let mails = dispatch(&place, "2026-09-30T16:08:00Z");
        assert!(mails.len() == 2 && mails.iter().all(|m| m.to != HV), "{mails:?}");
    }

    async fn whoever_is_asked_for_a_report_alone_is_not_asked_to_come(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let form = details(&mut administrator).await;
        let mut lines = sent(&step(&mut administrator, &form, "details").await);
        for n in 0..8 {
            if lines.iter().any(|(name, value)| *name == format!("row.{n}.role") && value == "Health visitor") {
                set(&mut lines, &format!("row.{n}.necessity"), "information_only");
            }
        }
        let check = step(&mut administrator, &lines, "list").await;
        step(&mut administrator, &sent(&check), "book").await;
        let mails = dispatch(&place, LATER);
        let mail = to(&mails, HV);
        assert!(mail.text.contains("Nobody from your service is expected to come.") && !mail.text.contains("Please come"), "{}", mail.text);
        assert!(!mail.raw.contains("text/calendar"), "there is nothing to put into a calendar");
        place.done_at("2026-11-25T08:30:00Z", &["run-task", "reminders"]);
        assert!(dispatch(&place, "2026-11-25T08:31:00Z").iter().all(|m| m.to != HV));
    }

    async fn a_file_does_not_move_a_conference_to_which_people_were_invited_from_here(place: Place) {
        let mut administrator = office(&place, LATER).await;
        booked(&mut administrator, &[("conference_ref", "CPC-9")]).await;
        dispatch(&place, LATER);
        let row = |date: &str| crate::harness::log::Row::of("CPC-9", "CSC", "Family Safeguarding North", "Lead social worker")
            .with("conference_date", date).with("status", "scheduled").with("decision_time", "").with("decisions", "")
            .with("attendance", "").with("view", "").with("report", "none").with("report_received_on", "").with("response", "none");
        place.import(LATER, &[row("2026-12-02")]);
        let said = place.import("2026-09-30T16:09:00Z", &[row("2026-12-09")]);
        assert!(said.contains("conference_date"), "it is listed as a conflict: {said}");
        let page = administrator.get("/?day=2026-12-02").await.body;
        assert!(page.contains("CPC-9"), "{page}");
    }
}
