//! From booking to answers: what is said while booking, who is written to, and what an answer, a move and a
//! cancellation do.

use crate::both;
use crate::harness::http::{Person, Seen, set};
use crate::harness::log::{EVENING, LATER, conference};
use crate::harness::{Mail, Place};

/// A child whose review was held on 30 September 2026.
const CHILD: &str = "L1042";

pub fn fields(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The details of a review on Wednesday 2 December 2026.
pub async fn details(person: &mut Person) -> Vec<(String, String)> {
    let page = person.get("/book").await;
    let (booking, page) = (page.field("booking"), page.body);
    let chair = regex::Regex::new(r#"<option value="([^"]+)">Chair 1<"#).unwrap();
    let chair = chair.captures(&page).expect("a chair")[1].to_owned();
    fields(&[
        ("booking", &booking),
        ("kind", "review"),
        ("date", "02/12/2026"),
        ("time", "13:30"),
        ("minutes", "90"),
        ("mode", "hybrid"),
        ("locality", "north"),
        ("place", "Room 2, County Hall"),
        ("link", "https://meet.example/join/abc"),
        ("chair", &chair),
        ("child.0", CHILD),
        ("category.0", "NEG"),
    ])
}

pub async fn step(person: &mut Person, form: &[(String, String)], step: &str) -> Seen {
    let mut form = form.to_vec();
    set(&mut form, "step", step);
    person.post("/book", &form).await
}

/// Fields of a page's form as a browser sends them: boxes that are not ticked are left out, lists send what is chosen.
pub fn sent(page: &Seen) -> Vec<(String, String)> {
    page.form().into_iter().filter(|(name, _)| name != "step").collect()
}

/// Books with everybody whom the list suggests, and gives back the conference's path.
pub async fn booked(person: &mut Person, changed: &[(&str, &str)]) -> String {
    let mut form = details(person).await;
    for (name, value) in changed {
        set(&mut form, name, value);
    }
    let list = step(person, &form, "details").await;
    assert_eq!(list.status, 200, "{}", list.body);
    let check = step(person, &sent(&list), "list").await;
    assert!(check.status == 200 && check.body.contains("Check before it is booked"), "{}", check.body);
    let done = step(person, &sent(&check), "book").await;
    assert_eq!(done.status, 303, "{}", done.body);
    done.location.unwrap().replace("/invitations?done=booked", "")
}

/// One review of the child, held with everybody there, and an administrator the same evening.
pub async fn office(place: &Place, moment: &str) -> Person {
    place.import(EVENING, &conference("C-1"));
    let site = place.site(moment).await;
    Person::with_role(place, &site, "administrator").await
}

/// What goes at this moment: another one each time, for a task runs once for a due time.
pub fn dispatch(place: &Place, moment: &str) -> Vec<Mail> {
    let before: Vec<String> = place.mail().into_iter().map(|m| m.message_id).collect();
    place.done_at(moment, &["run-task", "dispatch"]);
    place.mail().into_iter().filter(|m| !before.contains(&m.message_id)).collect()
}

pub fn to<'a>(mails: &'a [Mail], address: &str) -> &'a Mail {
    mails.iter().find(|m| m.to == address).unwrap_or_else(|| panic!("nothing to {address}: {mails:?}"))
}

pub fn link(mail: &Mail) -> String {
    let link = regex::Regex::new(r"http://\S+(/answer/[0-9a-f]{64})").unwrap();
    link.captures(&mail.text).unwrap_or_else(|| panic!("no link: {}", mail.text))[1].to_owned()
}

/// The calendar part, unfolded.
pub fn calendar(mail: &Mail) -> String {
    let message = mail_parser::MessageParser::default().parse(mail.raw.as_bytes()).unwrap();
    let part = message.parts.iter().find(|part| {
        use mail_parser::MimeHeaders;
        part.content_type().is_some_and(|t| t.subtype() == Some("calendar"))
    });
    let text = part.expect("a calendar part").text_contents().unwrap().to_owned();
    text.replace("\r\n ", "").replace("\r\n\t", "")
}

pub const HV: &str = "hv-north@oh.nhs.example";

both! {
    async fn a_booked_conference_invites_whoever_came_before_with_a_calendar_entry_and_names_no_child(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[]).await;
        let page = administrator.get(&format!("{at}/invitations")).await.body;
        assert!(page.contains("no address, invite by telephone"), "social care has no address here: {page}");
        assert!(page.contains("For your secure invitation letter") && page.contains("Room 2, County Hall"), "{page}");
        let mails = dispatch(&place, LATER);
        assert_eq!(mails.len(), 3, "one each, and none where there is no address: {mails:?}");
        let mail = to(&mails, HV);
        assert!(mail.text.contains("Wednesday 2 December 2026, 1:30pm to about 3pm") && mail.text.contains("https://meet.example/join/abc"), "{}", mail.text);
        assert!(mail.text.contains("by Monday 30 November 2026"), "the report, two working days before: {}", mail.text);
        let entry = calendar(mail);
        for line in ["METHOD:REQUEST", "DTSTART:20261202T133000Z", "DTEND:20261202T150000Z", "SEQUENCE:0", "STATUS:CONFIRMED"] {
            assert!(entry.contains(line), "{line}: {entry}");
        }
        for mail in &mails {
            let all = format!("{} {} {} {}", mail.subject, mail.text, mail.html, calendar(mail));
            for never in [CHILD, "C-1", "neglect", "NEG"] {
                assert!(!all.contains(never), "{never}: {all}");
            }
        }
    }

    async fn an_answer_by_link_takes_two_clicks_and_looking_changes_nothing(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[]).await;
        let mails = dispatch(&place, LATER);
        let link = link(to(&mails, HV));
        let site = place.site(LATER).await;
        let mut anybody = Person::anonymous(&site);
        for _ in 0..2 {
            let page = anybody.get(&link).await;
            assert!(page.status == 200 && page.body.contains("Yes, somebody will come") && !page.body.contains(CHILD), "{}", page.body);
        }
        assert!(administrator.get(&format!("{at}/invitations")).await.body.contains("no answer"));
        let done = anybody.post(&link, &fields(&[("answer", "accepted"), ("report", "yes")])).await;
        assert_eq!(done.status, 303, "{}", done.body);
        let page = anybody.get(&done.location.unwrap()).await.body;
        assert!(page.contains("Thank you") && page.contains("Somebody from your service will come. A written report will come."), "{page}");
        let page = administrator.get(&format!("{at}/invitations")).await.body;
        assert!(page.contains("accepted, 30 September 2026; a report will come"), "{page}");
        // Another answer takes its place; one without what it needs is refused beside its field.
        let wrong = anybody.post(&link, &fields(&[("answer", "deputy")])).await;
        assert!(wrong.status == 422 && wrong.body.contains("href=\"#deputy\""), "{}", wrong.body);
        anybody.post(&link, &fields(&[("answer", "deputy"), ("deputy", "Jo Reed, team lead")])).await;
        let page = administrator.get(&format!("{at}/invitations")).await.body;
        assert!(page.contains("sends a deputy: Jo Reed, team lead"), "{page}");
        assert!(!anybody.get(&link).await.body.contains("Jo Reed"), "a link is opened by machines, and passed on");
        anybody.post(&link, &fields(&[("answer", "apologies"), ("reason", "clash")])).await;
        let page = administrator.get(&format!("{at}/invitations")).await.body;
        assert!(page.contains("apologies (a clash)") && !page.contains("Jo Reed"), "{page}");
        assert_eq!(anybody.get(&format!("/answer/{}", "0".repeat(64))).await.status, 410);
    }

    async fn a_conference_that_moves_invites_anew_and_an_old_answer_does_not_count(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[("conference_ref", "CPC-77")]).await;
        let mails = dispatch(&place, LATER);
        let (old_link, old_entry) = (link(to(&mails, HV)), calendar(to(&mails, HV)));
        let site = place.site(LATER).await;
        let mut anybody = Person::anonymous(&site);
        anybody.post(&old_link, &fields(&[("answer", "accepted")])).await;
        let form = sent(&administrator.get(&format!("{at}/change")).await);
        let mut form = form;
        set(&mut form, "date", "09/12/2026");
        set(&mut form, "step", "check");
        let check = administrator.post(&format!("{at}/change"), &form).await;
        assert!(check.body.contains("It moves to Wednesday 9 December 2026") && check.body.contains("3 who were invited are invited anew"), "{}", check.body);
        assert!(dispatch(&place, "2026-09-30T16:06:00Z").is_empty(), "nothing goes before it is done");
        // What is done is what was looked at.
        set(&mut form, "step", "do");
        let unseen = administrator.post(&format!("{at}/change"), &form).await;
        assert!(unseen.status == 200 && unseen.body.contains("It moves to Wednesday 9 December 2026"), "{}", unseen.body);
        set(&mut form, "seen", &unseen.field("seen"));
        let done = administrator.post(&format!("{at}/change"), &form).await;
        let new = done.location.unwrap();
        assert!(done.status == 303 && new.ends_with("?done=moved") && !new.starts_with(&at), "{new}");
        let mails = dispatch(&place, "2026-09-30T16:07:00Z");
        let mail = to(&mails, HV);
        assert!(mail.text.contains("The conference of Wednesday 2 December 2026, 1:30pm has been moved") && mail.subject.contains("new date (until now "), "{}", mail.text);
        let entry = calendar(mail);
        let uid = |entry: &str| entry.lines().find(|l| l.starts_with("UID:")).unwrap().trim().to_owned();
        assert_eq!(uid(&entry), uid(&old_entry), "one entry in a calendar");
        assert!(entry.contains("SEQUENCE:1") && entry.contains("DTSTART:20261209T133000Z") && entry.contains("METHOD:REQUEST"), "{entry}");
        let page = administrator.get(&new).await.body;
        assert!(!page.contains("accepted"), "{page}");
        let late = anybody.post(&old_link, &fields(&[("answer", "accepted")])).await;
        assert!(late.status == 200 && late.body.contains("This conference was moved"), "{}", late.body);
        assert!(!administrator.get(&new).await.body.contains("accepted"));
        let old = administrator.get(&format!("{at}/invitations")).await.body;
        assert!(old.contains("This date was moved") && old.contains("accepted"), "its history stays: {old}");
        // The case system means the new date by its reference.
        let kept = administrator.get(new.split("/invitations").next().unwrap()).await.body;
        assert!(kept.contains("<dd class=\"govuk-summary-list__value\">CPC-77</dd>"), "{kept}");
    }

    async fn a_change_of_place_keeps_the_answers_and_tells_those_who_were_invited(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[]).await;
        let link = link(to(&dispatch(&place, LATER), HV));
        let site = place.site(LATER).await;
        Person::anonymous(&site).post(&link, &fields(&[("answer", "accepted")])).await;
        let mut form = sent(&administrator.get(&format!("{at}/change")).await);
        set(&mut form, "place", "Village hall");
        set(&mut form, "step", "check");
        let check = administrator.post(&format!("{at}/change"), &form).await;
        set(&mut form, "seen", &check.field("seen"));
        set(&mut form, "step", "do");
        let done = administrator.post(&format!("{at}/change"), &form).await;
        assert!(done.location.as_deref() == Some(&format!("{at}/invitations?done=changed")), "{:?}", done.location);
        let mails = dispatch(&place, "2026-09-30T16:06:00Z");
        let entry = calendar(to(&mails, HV));
        assert!(mails.len() == 3 && entry.contains("SEQUENCE:1") && entry.contains("Village hall"), "{entry}");
        assert!(to(&mails, HV).text.starts_with("What has changed: where."), "{}", to(&mails, HV).text);
        assert!(administrator.get(&format!("{at}/invitations")).await.body.contains("accepted, 30 September 2026"));
        // The form of before is not taken a second time.
        let again = administrator.post(&format!("{at}/change"), &form).await;
        assert!(again.location.unwrap().ends_with("?done=meanwhile"));
    }

    async fn a_change_that_takes_back_one_before_it_does_not_say_that_only_its_own_part_changed(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[]).await;
        dispatch(&place, LATER);
        for (name, value) in [("place", "Village hall"), ("minutes", "120")] {
            let mut form = sent(&administrator.get(&format!("{at}/change")).await);
            set(&mut form, name, value);
            set(&mut form, "step", "check");
            let check = administrator.post(&format!("{at}/change"), &form).await;
            set(&mut form, "seen", &check.field("seen"));
            set(&mut form, "step", "do");
            let done = administrator.post(&format!("{at}/change"), &form).await;
            assert!(done.location.as_deref() == Some(&format!("{at}/invitations?done=changed")), "{}", done.body);
        }
        let mails = dispatch(&place, "2026-09-30T16:06:00Z");
        assert_eq!(mails.len(), 3, "the newer takes the place of the older");
        let text = &to(&mails, HV).text;
        assert!(!text.contains("What has changed:") && text.contains("Where it is, how to join") && text.contains("Village hall"), "{text}");
    }

    async fn cancelling_stops_what_was_going_to_be_sent_and_takes_the_entry_back(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[]).await;
        assert_eq!(dispatch(&place, LATER).len(), 3);
        place.done_at("2026-11-25T08:30:00Z", &["run-task", "reminders"]);
        let version = administrator.get(&format!("{at}/cancel")).await.field("version");
        let unsure = administrator.post(&format!("{at}/cancel"), &fields(&[("version", &version)])).await;
        assert!(unsure.status == 422 && unsure.body.contains("Tick the box"), "{}", unsure.body);
        let done = administrator.post(&format!("{at}/cancel"), &fields(&[("version", &version), ("sure", "yes")])).await;
        assert!(done.location.unwrap().ends_with("?done=cancelled"));
        let mails = dispatch(&place, "2026-11-25T08:31:00Z");
        assert!(mails.len() == 3 && mails.iter().all(|m| m.subject.ends_with("cancelled")), "no reminder goes: {mails:?}");
        let entry = calendar(to(&mails, HV));
        assert!(entry.contains("METHOD:CANCEL") && entry.contains("STATUS:CANCELLED") && entry.contains("SEQUENCE:1"), "{entry}");
        place.done_at("2026-11-30T08:30:00Z", &["run-task", "reminders"]);
        assert!(dispatch(&place, "2026-11-30T08:31:00Z").is_empty());
    }

    async fn reminders_go_once_to_those_who_are_silent_and_stop_on_an_answer(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[]).await;
        let link = link(to(&dispatch(&place, LATER), HV));
        let site = place.site(LATER).await;
        Person::anonymous(&site).post(&link, &fields(&[("answer", "accepted")])).await;
        // Five working days before Wednesday 2 December: Wednesday 25 November.
        place.done_at("2026-11-24T08:30:00Z", &["run-task", "reminders"]);
        assert!(dispatch(&place, "2026-11-24T08:31:00Z").is_empty());
        for moment in ["2026-11-25T08:30:00Z", "2026-11-25T08:35:00Z"] {
            place.done_at(moment, &["run-task", "reminders"]);
        }
        let mails = dispatch(&place, "2026-11-25T08:36:00Z");
        let addresses: Vec<&str> = mails.iter().map(|m| m.to.as_str()).collect();
        assert_eq!(addresses, ["lead@sch.gov.example", "lead@tvp.police.example"], "who answered is left alone");
        assert!(mails[0].subject.ends_with("will you come?"), "{}", mails[0].subject);
        // Its report is wanted all the same, by everybody: four working days before.
        place.done_at("2026-11-26T08:30:00Z", &["run-task", "reminders"]);
        let mails = dispatch(&place, "2026-11-26T08:31:00Z");
        assert!(mails.len() == 3 && mails.iter().all(|m| m.subject.ends_with("your report")), "{mails:?}");
        let page = administrator.get(&format!("{at}/invitations")).await.body;
        assert!(page.contains("a reminder of the report"), "{page}");
    }

    async fn what_is_wrong_with_a_day_is_said_while_booking_and_nothing_is_stored(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let mut form = details(&mut administrator).await;
        set(&mut form, "date", "03/10/2026");
        let hints = administrator.post("/book/hints", &form).await.body;
        assert!(hints.contains("Saturday 3 October 2026 is not a working day."), "{hints}");
        assert!(hints.contains("give 2 working days, and at least 10 are owed"), "{hints}");
        assert!(hints.contains("Tuesday 30 March 2027: 6 months after the conference before of 30 September 2026"), "{hints}");
        booked(&mut administrator, &[]).await;
        let form = details(&mut administrator).await;
        let hints = administrator.post("/book/hints", &form).await.body;
        assert!(hints.contains("The chair has another conference from 1:30pm to 3pm."), "{hints}");
        assert!(hints.contains("has a conference booked already"), "{hints}");
        let list = step(&mut administrator, &form, "details").await.body;
        assert!(list.contains("asked to another conference at 1:30pm"), "{list}");
        let mut wrong = form.clone();
        for (name, value) in [("kind", "initial"), ("strategy_discussion_on", "03/12/2026"), ("date", "02/12/2026"), ("child.0", "Ann Smith"), ("link", "javascript:alert(1)")] {
            set(&mut wrong, name, value);
        }
        let page = step(&mut administrator, &wrong, "details").await;
        assert_eq!(page.status, 422);
        for said in ["before its strategy discussion", "never a name", "beginning with https://"] {
            assert!(page.body.contains(said), "{said}: {}", page.body);
        }
        let mut past = form.clone();
        set(&mut past, "date", "29/09/2026");
        assert!(step(&mut administrator, &past, "details").await.body.contains("Enter a day that is to come"));
    }

    async fn a_reference_of_the_case_system_is_taken_once_and_social_care_is_always_invited(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let mut form = details(&mut administrator).await;
        set(&mut form, "conference_ref", "C-1");
        let list = step(&mut administrator, &form, "details").await;
        let mut chosen = sent(&list);
        let check = step(&mut administrator, &chosen, "list").await;
        let refused = step(&mut administrator, &sent(&check), "book").await;
        assert!(refused.status == 422 && refused.body.contains("Another conference has this reference"), "{}", refused.body);
        chosen.retain(|(name, _)| !name.ends_with(".invite"));
        let nobody = step(&mut administrator, &chosen, "list").await;
        assert!(nobody.status == 422 && nobody.body.contains("no conference is quorate without it"), "{}", nobody.body);
    }

    async fn the_board_shows_what_is_at_risk_and_an_answer_by_telephone_puts_it_right(place: Place) {
        let mut administrator = office(&place, LATER).await;
        let at = booked(&mut administrator, &[("date", "06/10/2026")]).await;
        let board = administrator.get("/board").await.body;
        assert!(board.contains("not quorate yet") && board.contains("invited late: our fault"), "{board}");
        assert!(board.contains("not invited: no address that can be written to"), "{board}");
        let one = regex::Regex::new(&format!("{at}/invitations/([0-9a-f-]{{36}})")).unwrap();
        let rows: Vec<String> = one.captures_iter(&board).map(|c| c[1].to_owned()).collect();
        for row in rows.iter().collect::<std::collections::BTreeSet<_>>() {
            let answer = fields(&[("answer", "accepted"), ("back", "board")]);
            let done = administrator.post(&format!("{at}/invitations/{row}"), &answer).await;
            assert_eq!(done.location.as_deref(), Some("/board?done=answered"), "{}", done.body);
        }
        let board = administrator.get("/board").await.body;
        assert!(board.contains("Quorate if those come who accepted: social care and 3 other agencies."), "{board}");
    }
}
