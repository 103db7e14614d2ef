//! What agencies reply by the link of a letter, and what becomes of it.

use std::sync::Arc;

use quorate::app::Site;

use crate::both;
use crate::convening::dispatch;
use crate::feedback::make_and_send;
use crate::harness::http::{Person, Seen, set};
use crate::harness::log::{EVENING, Row, conference};
use crate::harness::{Mail, Place};
use crate::restricted::restrict;

/// The morning after the letters.
const MORNING: &str = "2026-10-01T08:00:00Z";
const TEAM: &str = "health-visiting-north@oh.nhs.example";

type Form = Vec<(String, String)>;

pub fn link(mail: &Mail) -> String {
    let link = regex::Regex::new(r"http://\S+(/reply/[0-9a-f]{64})").unwrap();
    link.captures(&mail.text).unwrap_or_else(|| panic!("no link: {}", mail.text))[1].to_owned()
}

pub fn to<'a>(mails: &'a [Mail], address: &str, subject: &str) -> &'a Mail {
    let found = mails.iter().find(|m| m.to == address && m.subject.contains(subject));
    found.unwrap_or_else(|| panic!("no {subject} to {address}: {mails:?}"))
}

/// The health visitor was missed, and has her letter; with the link in it.
async fn missed(place: &Place, change: impl FnOnce(Row) -> Row) -> (Arc<Site>, Person, String) {
    let mut rows = conference("C-1");
    rows[2] = change(rows[2].clone().absent());
    place.import(EVENING, &rows);
    make_and_send(place);
    let link = link(to(&place.mail(), TEAM, "we missed you"));
    let site = place.site(MORNING).await;
    let agency = Person::anonymous(&site);
    (site, agency, link)
}

pub async fn look(person: &mut Person, link: &str) -> Seen {
    person.post(link, &[("step".to_owned(), "look".to_owned())]).await
}

/// Sends a reply without looking at the page before.
async fn post(person: &mut Person, link: &str, fields: &[(&str, &str)]) -> Seen {
    let all = [("step", "say"), ("name", "Ann Field"), ("role", "Team lead")];
    let form: Form = all.iter().chain(fields).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    person.post(link, &form).await
}

/// Fills in the page and sends it.
pub async fn say(person: &mut Person, link: &str, fields: &[(&str, &str)]) -> Seen {
    let mut form: Form = look(person, link).await.form();
    for (name, value) in [("name", "Ann Field"), ("role", "Team lead")].iter().chain(fields) {
        set(&mut form, name, value);
    }
    person.post(link, &form).await
}

const THERE: &[(&str, &str)] = &[
    ("say", "disputed"),
    ("ground", "we_attended"),
    ("dispute", "Our colleague was on the call from the start to the end."),
];

/// A dispute that waits, and a QA manager at its page.
async fn disputed(place: &Place) -> (Arc<Site>, Person, String, Person, String) {
    let (site, mut agency, link) = missed(place, |row| row).await;
    // First of all, so that somebody is told.
    let mut qa = Person::with_role(place, &site, "qa_manager").await;
    assert_eq!(say(&mut agency, &link, THERE).await.status, 303);
    let queue = qa.get("/replies").await.body;
    let at = regex::Regex::new(r#"href="(/replies/[0-9a-f-]{36})""#).unwrap();
    let at = at.captures(&queue).unwrap_or_else(|| panic!("nothing waits: {queue}"))[1].to_owned();
    (site, agency, link, qa, at)
}

both! {
    async fn a_letter_opens_its_record_only_after_somebody_pressed_continue(place: Place) {
        let (site, mut agency, link) = missed(&place, |row| row).await;
        let mut auditor = Person::with_role(&place, &site, "auditor").await;
        let before = place.run(&["audit", "verify"]).out;
        let seen = agency.get(&link).await;
        assert_eq!(seen.status, 200);
        assert!(!seen.body.contains("Health Visiting"), "a mail scanner that fetches it reads nothing: {}", seen.body);
        assert_eq!(place.run(&["audit", "verify"]).out, before, "and changes nothing");
        let seen = look(&mut agency, &link).await.body;
        for text in [
            "Health Visiting North, Health visitor",
            "The invitation went on Monday 7 September 2026 (17 working days before) to h…@…nhs.example.",
            "your service had accepted, and that nobody came",
            "not there, and nobody told us before",
            "accepted by the mail server on Wednesday 30 September 2026",
        ] {
            assert!(seen.contains(text), "{text}: {seen}");
        }
        for identifying in ["L1042", "C-1", TEAM] {
            assert!(!seen.contains(identifying), "{identifying}");
        }
        assert!(auditor.get("/audit").await.body.contains("reply.opened"), "that somebody looked is noted");
    }

    async fn a_link_that_was_guessed_opens_nothing_and_each_address_has_its_own(place: Place) {
        let (_, mut agency, link_of_team) = missed(&place, |row| row).await;
        assert_eq!(agency.get(&format!("/reply/{}", "0".repeat(64))).await.status, 410);
        assert_eq!(look(&mut agency, &format!("/reply/{}", "0".repeat(64))).await.status, 410);
        let lead = link(to(&place.mail(), "lead@oh.nhs.example", "we missed you"));
        assert_ne!(link_of_team, lead);
        assert_eq!(look(&mut agency, &lead).await.status, 200);
    }

    async fn an_explanation_is_kept_with_the_conference_and_changes_no_fact(place: Place) {
        let (site, mut agency, link) = missed(&place, |row| row).await;
        let before = place.report("2026-09");
        let done = say(&mut agency, &link, &[
            ("say", "explained"), ("reason", "clinic_or_teaching"),
            ("words", "A clinic could not be moved."), ("prevention", "We keep Wednesday afternoons free."),
        ]).await;
        assert_eq!(done.status, 303, "{}", done.body);
        assert!(agency.get(&done.location.unwrap()).await.body.contains("your reply has reached us"));
        assert_eq!(place.report("2026-09"), before, "the record says what it said");
        let mut chair = Person::with_role(&place, &site, "qa_manager").await;
        let queue = chair.get("/replies").await.body;
        let at = regex::Regex::new(r"/conferences/[0-9a-f-]{36}/replies").unwrap().find(&queue).unwrap();
        let page = chair.get(at.as_str()).await.body;
        for text in ["clinic or teaching", "A clinic could not be moved.", "We keep Wednesday afternoons free.", "Ann Field, Team lead"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(dispatch(&place, MORNING).is_empty(), "nothing is to be confirmed");
        // The words are sealed, and no trail has them.
        let trail = Person::with_role(&place, &site, "auditor").await.get("/audit").await.body;
        assert!(trail.contains("reply.received") && !trail.contains("clinic could") && !trail.contains("Ann Field"), "{trail}");
        let october = place.report("2026-10");
        assert_eq!(october["M16"]["replied"]["numerator"], 1);
        assert_eq!(october["M16"]["replied"]["denominator"], 1);
        assert_eq!(october["M16"]["median_working_days_to_reply"], 1.0);
    }

    async fn what_is_missing_is_said_at_its_field_and_what_was_typed_stays(place: Place) {
        let (_, mut agency, link) = missed(&place, |row| row).await;
        let seen = say(&mut agency, &link, &[("say", "disputed"), ("dispute", "We were there."), ("role", "")]).await;
        assert_eq!(seen.status, 422);
        for text in ["Choose what is wrong", "Enter your role", "We were there."] {
            assert!(seen.body.contains(text), "{text}: {}", seen.body);
        }
        let seen = say(&mut agency, &link, &[]).await;
        assert!(seen.body.contains("Choose what you want to tell us"), "{}", seen.body);
        let seen = say(&mut agency, &link, &[("say", "explained"), ("reason", "late_notice")]).await;
        assert!(seen.body.contains("Choose what kept your service away"), "our fault is a dispute: {}", seen.body);
    }

    async fn a_text_that_may_name_a_child_is_looked_at_again_and_tells_nobody_whether_a_guess_is_right(place: Place) {
        let (_, mut agency, link) = missed(&place, |row| row).await;
        let fields = [("say", "explained"), ("reason", "other"), ("words", "The boy of 03/04/2019 is not known to us.")];
        let seen = say(&mut agency, &link, &fields).await;
        assert_eq!(seen.status, 422);
        assert!(seen.body.contains("Take out what could identify a child"), "{}", seen.body);
        let again = say(&mut agency, &link, &[fields[0], fields[1], fields[2], ("looked_again", "yes")]).await;
        assert_eq!(again.status, 303);
        for guess in ["L1042 is not known to us.", "L9999 is not known to us."] {
            let answered = say(&mut agency, &link, &[fields[0], fields[1], ("words", guess)]).await;
            assert_eq!(answered.status, 303, "the reference of this conference is taken as any other: {guess}");
        }
    }

    async fn staff_who_read_a_letter_do_not_get_its_link(place: Place) {
        let (site, _, link) = missed(&place, |row| row).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let post = administrator.get("/post").await.body;
        let at = regex::Regex::new("/post/[0-9a-f-]{36}").unwrap().find(&post).unwrap().as_str().to_owned();
        for page in [at.clone(), format!("{at}/as-sent")] {
            let seen = administrator.get(&page).await;
            assert_eq!(seen.status, 200, "{page}");
            assert!(!seen.body.contains(&link) && !seen.body.contains("/reply/0") && seen.body.contains("/reply/…"), "{page}: {}", seen.body);
        }
        let file = administrator.get(&format!("{at}/letter.eml")).await;
        let copy = mail_parser::MessageParser::default().parse(file.body.as_bytes()).unwrap();
        let (text, html) = (copy.body_text(0).unwrap(), copy.body_html(0).unwrap());
        assert!(text.contains("/reply/…") && !text.contains(&link) && !html.contains(&link), "{text}");
    }

    async fn a_reply_that_is_sent_twice_is_said_once_and_a_second_dispute_is_not_lost_silently(place: Place) {
        let (site, mut agency, link, ..) = disputed(&place).await;
        assert_eq!(post(&mut agency, &link, THERE).await.status, 303, "the same again");
        let other = [THERE[0], ("ground", "not_invited"), ("dispute", "Nothing came to us.")];
        let seen = post(&mut agency, &link, &other).await;
        assert_eq!(seen.status, 422);
        assert!(seen.body.contains("waits already: please ring us"), "{}", seen.body);
        let trail = Person::with_role(&place, &site, "auditor").await.get("/audit").await.body;
        assert_eq!(trail.matches(">reply.received<").count(), 1, "{trail}");
    }

    async fn what_the_register_does_not_say_is_not_upheld_as_if_it_did(place: Place) {
        let (_, _, _, mut qa, at) = disputed(&place).await;
        let mut form = qa.get(&at).await.form();
        set(&mut form, "verdict", "already");
        let seen = qa.post(&at, &form).await;
        assert_eq!(seen.status, 422);
        assert!(seen.body.contains("The register does not say so"), "{}", seen.body);
    }

    async fn a_contact_in_place_of_another_ends_that_and_nobody_is_there_twice(place: Place) {
        let (site, mut agency, link) = missed(&place, |row| row).await;
        let named = [
            ("say", "nominated"), ("nominee_email", "duty@oh.nhs.example"), ("nominee_role", "Health visitor"),
            ("nominee_in_place", "yes"),
        ];
        assert_eq!(say(&mut agency, &link, &named).await.status, 303);
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let queue = administrator.get("/replies").await.body;
        assert!(queue.contains("The directory has now:") && queue.contains("hv-north@oh.nhs.example"), "{queue}");
        let at = regex::Regex::new("/replies/[0-9a-f-]{36}/contact").unwrap().find(&queue).unwrap();
        assert_eq!(administrator.post(at.as_str(), &[]).await.status, 404, "nothing is declined by an empty form");
        administrator.post(at.as_str(), &[("do".to_owned(), "take".to_owned())]).await;
        let told = dispatch(&place, MORNING);
        let told = to(&told, TEAM, "whom we write to").text.clone();
        // The letter's address was no entry of the directory: nothing ended, and nothing else is said.
        assert!(told.contains("as well as this address"), "{told}");
    }

    async fn a_dispute_is_confirmed_to_the_address_of_the_letter_and_told_to_the_qa_managers(place: Place) {
        let (_, mut agency, link, ..) = disputed(&place).await;
        let mails = dispatch(&place, MORNING);
        let mail = to(&mails, TEAM, "your reply has reached us");
        assert!(mail.text.contains("told us that our record is wrong") && mail.text.contains("Thursday 15 October 2026"), "{}", mail.text);
        let told = mails.iter().find(|m| m.subject.contains("a disputed record")).expect("a QA manager is told");
        assert!(told.text.contains("somebody from our service was there") && told.text.contains("/replies/"), "{}", told.text);
        assert!(mails.iter().all(|m| !m.raw.contains("Our colleague was on the call")), "no mail holds what was written");
        // One dispute at a time.
        let seen = look(&mut agency, &link).await.body;
        assert!(!seen.contains(r#"value="disputed""#) && seen.contains("You have told us that this record is wrong. We answer by <strong>Thursday 15 October 2026</strong>"), "{seen}");
    }

    async fn a_dispute_that_is_upheld_amends_the_register_corrects_the_letter_and_restates_the_figures(place: Place) {
        let (_, mut agency, link, mut qa, at) = disputed(&place).await;
        dispatch(&place, MORNING);
        assert_eq!(place.report("2026-09")["silent"], 1);
        let page = qa.get(&at).await;
        assert!(page.body.contains("Our colleague was on the call") && page.body.contains("not there, and nobody told us before"), "beside the evidence");
        let mut form = page.form();
        set(&mut form, "verdict", "upheld");
        let seen = qa.post(&at, &form).await;
        assert!(seen.body.contains("Choose how they took part"), "{}", seen.body);
        set(&mut form, "attendance", "video");
        set(&mut form, "answer", "The host's list shows your colleague.");
        let check = qa.post(&at, &form).await;
        for text in ["Nothing is changed yet", "attendance: “absent” becomes “by video”", "one that went is corrected", "Silent absence"] {
            assert!(check.body.contains(text), "{text}: {}", check.body);
        }
        assert_eq!(place.report("2026-09")["silent"], 1, "it was only looked at");
        let done = qa.post(&at, &check.form()).await;
        assert_eq!(done.location.as_deref(), Some("/replies?done=upheld"), "{}", done.body);
        assert_eq!(place.report("2026-09")["silent"], 0);
        make_and_send_at(&place, "2026-10-01T08:05:00Z");
        let mails = place.mail();
        assert!(to(&mails, TEAM, "our answer to you").text.contains("You are right, and we are sorry"));
        assert!(to(&mails, TEAM, "we were wrong").text.contains("was there at the decision"));
        assert!(!mails.iter().any(|m| m.raw.contains("host's list")), "the answer is behind the link alone");
        let seen = look(&mut agency, &link).await.body;
        assert!(seen.contains("You are right, and the record says so now") && seen.contains("The host&#x27;s list shows"), "{seen}");
        let october = place.report("2026-10");
        assert_eq!((&october["M16"]["disputed"]["numerator"], &october["M16"]["upheld"]["numerator"]), (&1.into(), &1.into()));
    }

    async fn a_dispute_that_is_not_upheld_says_why_behind_the_link(place: Place) {
        let (site, mut agency, link, mut qa, at) = disputed(&place).await;
        dispatch(&place, MORNING);
        let before = place.report("2026-09");
        let mut form = qa.get(&at).await.form();
        set(&mut form, "verdict", "not_upheld");
        let seen = qa.post(&at, &form).await;
        assert!(seen.body.contains("Say why the record stands"), "{}", seen.body);
        set(&mut form, "answer", "The host's list has nobody of your service.");
        assert_eq!(qa.post(&at, &form).await.location.as_deref(), Some("/replies?done=not_upheld"));
        assert_eq!(place.report("2026-09"), before);
        let mails = dispatch(&place, "2026-10-01T08:05:00Z");
        let mail = to(&mails, TEAM, "our answer to you");
        assert!(mail.text.contains("we think that our record is right"), "{}", mail.text);
        assert_eq!(look(&mut agency, &link).await.body.matches("has nobody of your service").count(), 1);
        let anew = self::link(mail);
        assert!(look(&mut agency, &anew).await.body.contains("has nobody of your service"));
        // Settled is settled: a page that was open since does nothing.
        set(&mut form, "verdict", "already");
        qa.post(&at, &form).await;
        let trail = Person::with_role(&place, &site, "auditor").await.get("/audit").await.body;
        assert_eq!(trail.matches(">dispute.settled<").count(), 1, "{trail}");
    }

    async fn a_late_invitation_that_is_upheld_becomes_our_fault_and_leaves_the_figures(place: Place) {
        let (site, mut agency, link) = missed(&place, |row| row).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        say(&mut agency, &link, &[("say", "disputed"), ("ground", "late_notice"), ("dispute", "It came two days before.")]).await;
        let queue = qa.get("/replies").await.body;
        let at = regex::Regex::new("/replies/[0-9a-f-]{36}").unwrap().find(&queue).unwrap().as_str().to_owned();
        let mut form = qa.get(&at).await.form();
        set(&mut form, "verdict", "upheld");
        set(&mut form, "day", "28/09/2026");
        let check = qa.post(&at, &form).await;
        assert!(check.body.contains("our fault: invited too late"), "{}", check.body);
        qa.post(&at, &check.form()).await;
        let month = place.report("2026-09");
        assert_eq!((&month["silent"], &month["M13"]["late"]), (&0.into(), &1.into()), "{month}");
    }

    async fn a_contact_that_is_named_waits_for_an_administrator_and_the_old_address_is_told(place: Place) {
        let (site, mut agency, link) = missed(&place, |row| row).await;
        let named = [
            ("say", "nominated"), ("nominee_email", "Duty@oh.nhs.example"), ("nominee_role", "Health visitor"),
            ("nominee_telephone", "01865 111111"),
        ];
        let private = [named[0], ("nominee_email", "ann@gmail.com"), named[2], named[3]];
        assert!(say(&mut agency, &link, &private).await.body.contains("we do not write to personal mailboxes"));
        assert_eq!(say(&mut agency, &link, &named).await.status, 303);
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let listed = |body: &str| body.contains("duty@oh.nhs.example");
        assert!(!listed(&administrator.get("/directory?q=duty").await.body), "nothing changes before it is checked");
        let queue = administrator.get("/replies").await.body;
        assert!(listed(&queue), "{queue}");
        let at = regex::Regex::new("/replies/[0-9a-f-]{36}/contact").unwrap().find(&queue).unwrap();
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let take = [("do".to_owned(), "take".to_owned())];
        assert_eq!(qa.post(at.as_str(), &take).await.status, 403, "the directory is the administrators'");
        assert_eq!(administrator.post(at.as_str(), &take).await.status, 303);
        assert!(listed(&administrator.get("/directory?q=duty").await.body));
        let mails = dispatch(&place, MORNING);
        assert!(to(&mails, TEAM, "your reply has reached us").text.contains("named a contact"));
        let told = to(&mails, TEAM, "whom we write to").text.clone();
        assert!(told.contains("d…@…nhs.example") && !told.contains("duty@"), "{told}");
        assert_eq!(administrator.post(at.as_str(), &take).await.status, 404, "once");
    }

    async fn a_link_lives_for_ten_working_days_after_the_last_event_and_while_a_dispute_waits(place: Place) {
        let (_, mut agency, link) = missed(&place, |row| row).await;
        agency.moved_to(&place.site("2026-10-14T16:00:00Z").await);
        assert_eq!(agency.get(&link).await.status, 200, "the tenth working day after the letter");
        agency.moved_to(&place.site("2026-10-15T08:00:00Z").await);
        assert_eq!(agency.get(&link).await.status, 410);
        assert_eq!(look(&mut agency, &link).await.status, 410);
        agency.moved_to(&place.site("2026-10-14T16:00:00Z").await);
        say(&mut agency, &link, THERE).await;
        agency.moved_to(&place.site("2026-12-01T08:00:00Z").await);
        assert_eq!(look(&mut agency, &link).await.status, 200, "its answer is told behind it");
    }

    async fn what_is_restricted_since_is_not_opened_by_a_letter_that_went_before(place: Place) {
        let (site, mut agency, link) = missed(&place, |row| row).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let queue = qa.get("/?day=2026-09-30").await.body;
        let at = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&queue).unwrap().as_str().to_owned();
        restrict(&mut qa, &at, &["qa_manager"]).await;
        assert_eq!(look(&mut agency, &link).await.status, 410);
    }
}

fn make_and_send_at(place: &Place, moment: &str) {
    place.done_at(moment, &["run-task", "feedback"]);
    place.done_at(moment, &["run-task", "dispatch"]);
}
