//! The directory: found while typing, kept by the conference administrators, and heeded by letters and files.

use crate::amending::was_there;
use crate::both;
use crate::feedback::make_and_send;
use crate::harness::Place;
use crate::harness::http::{Person, Seen, set};
use crate::harness::log::{EVENING, LATER, Row, conference};
use crate::harness::smtp::{MailServer, Tls, Trouble};
use crate::post::dispatch as post_by;

fn fields(form: &[(&str, &str)]) -> Vec<(String, String)> {
    form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The address of the first page of a kind that a page links to, next to these words.
fn link(seen: &Seen, kind: &str, words: &str) -> String {
    let before = if kind == "contacts" { "[^<]*<span class=\"govuk-visually-hidden\"> " } else { "" };
    let pattern = format!("href=\"(/directory/{kind}/[0-9a-f-]{{36}})\">{before}{words}");
    let found = regex::Regex::new(&pattern).unwrap().captures(&seen.body);
    found.unwrap_or_else(|| panic!("no {words}: {}", seen.body))[1].to_owned()
}

/// Somebody finds an entry by what they type.
async fn found(person: &mut Person, words: &str, kind: &str, shown: &str) -> String {
    let seen = person.get(&format!("/directory?q={}", words.replace(' ', "+"))).await;
    link(&seen, kind, shown)
}

/// A conference at which the health visitor was missed.
fn missed(place: &Place, name: &str) {
    let mut rows = conference(name);
    rows[2] = rows[2].clone().absent();
    place.import(EVENING, &rows);
}

/// Two absences of the health visitor, and a lead who asked for one email a day.
async fn daily(place: &Place) -> Person {
    let mut rows = conference("C-1");
    let other = |row: Row| row.with("child_refs", "L2").with("decisions", "L2=plan_continues");
    rows.extend(conference("C-2").into_iter().map(other));
    (rows[2], rows[6]) = (rows[2].clone().absent(), rows[6].clone().absent());
    place.import(EVENING, &rows);
    let mut administrator = Person::with_role(place, &place.site(EVENING).await, "administrator").await;
    let at = link(&administrator.get("/directory?show=unverified").await, "contacts", "lead@oh");
    let mut form = administrator.get(&at).await.form();
    set(&mut form, "digest", "yes");
    form.retain(|(name, _)| !name.starts_with("next_"));
    assert_eq!(administrator.post(&at, &form).await.status, 303);
    assert!(administrator.get(&at).await.body.contains("one email a day"));
    place.done_at(LATER, &["run-task", "feedback"]);
    administrator
}

both! {
    async fn every_part_of_a_name_finds_agencies_services_and_contacts(place: Place) {
        missed(&place, "C-1");
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let page = administrator.get("/directory?q=NORTH+health").await.body;
        assert!(page.contains("Found: 1 service, 1 contact.") && page.contains("hv-north@oh.nhs.example"), "{page}");
        let page = administrator.get("/directory?q=primary+care").await.body;
        assert!(page.contains("Found: 2 agencies.") && page.contains("until 30 June 2022, then GP practices"), "{page}");
        let page = administrator.get("/directory?q=nobody").await.body;
        assert!(page.contains("Found: nothing."), "{page}");
        assert!(administrator.get("/directory").await.body.contains("6 agencies."));
    }

    async fn whoever_has_left_gets_no_letter_and_whoever_takes_over_gets_it(place: Place) {
        missed(&place, "C-1");
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let at = found(&mut administrator, "lead@oh", "contacts", "lead@oh.nhs.example").await;
        let wrong = administrator.post(&format!("{at}/left"), &fields(&[("next_name", "Ann"), ("next_role", "Safeguarding lead"), ("next_email", "ann at oh")])).await;
        assert!(wrong.status == 422 && wrong.body.contains("Enter one mail address") && wrong.body.contains("value=\"ann at oh\""), "{}", wrong.body);
        let taken = administrator.post(&format!("{at}/left"), &fields(&[("next_name", "Ann Lee"), ("next_role", "Safeguarding lead"), ("next_email", "Ann.Lee@oh.nhs.example"), ("next_lead", "yes")])).await;
        assert_eq!(taken.status, 303, "{}", taken.body);
        let next = administrator.get(&taken.location.unwrap()).await.body;
        assert!(next.contains("The directory is changed.") && next.contains("ann.lee@oh.nhs.example") && next.contains("not checked yet"), "{next}");
        let old = administrator.get(&at).await.body;
        assert!(old.contains("ended 29 September 2026") && old.contains("They are here again"), "{old}");
        make_and_send(&place);
        let to: Vec<String> = place.mail().into_iter().map(|m| m.to).collect();
        assert!(to.contains(&"ann.lee@oh.nhs.example".to_owned()) && !to.contains(&"lead@oh.nhs.example".to_owned()), "{to:?}");
        assert_eq!(administrator.post(&format!("{at}/back"), &[]).await.status, 303);
        assert!(!administrator.get(&at).await.body.contains("ended 29"));
    }

    async fn the_invited_contact_who_has_left_gets_no_letter_and_who_has_the_role_now_does(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().with("contact_email", "hv-north@oh.nhs.example").absent();
        place.import(EVENING, &rows);
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let at = found(&mut administrator, "hv-north", "contacts", "hv-north@oh").await;
        let forgotten = administrator.post(&format!("{at}/left"), &fields(&[("next_role", "Team lead")])).await;
        assert!(forgotten.status == 422 && forgotten.body.contains("Enter one mail address"), "nobody is lost by a field that was forgotten: {}", forgotten.body);
        let next = fields(&[("next_role", "Health visitor"), ("next_email", "hv-new@oh.nhs.example")]);
        assert_eq!(administrator.post(&format!("{at}/left"), &next).await.status, 303);
        make_and_send(&place);
        let mut to: Vec<String> = place.mail().into_iter().map(|m| m.to).collect();
        to.sort();
        assert_eq!(to, ["hv-new@oh.nhs.example", "lead@oh.nhs.example"]);
    }

    async fn a_service_that_was_renamed_is_still_met_by_files_under_its_old_name(place: Place) {
        missed(&place, "C-1");
        let before = place.report("2026-09");
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let at = found(&mut administrator, "health visiting", "services", "Health Visiting North").await;
        let name = |name: &str| fields(&[("name", name)]);
        assert_eq!(administrator.post(&at, &name("Health Visiting North\r\n and  East")).await.status, 303);
        assert!(administrator.get(&at).await.body.contains("Health Visiting North and East"), "on one line");
        missed(&place, "C-1");
        assert_eq!(place.report("2026-09"), before, "no second invitation");
        assert!(administrator.get("/directory?q=health+visiting").await.body.contains("1 service"));
        assert_eq!(administrator.post(&at, &name("Health Visiting North")).await.status, 303, "its own name again");
        missed(&place, "C-1");
        assert_eq!(place.report("2026-09"), before);
    }

    async fn another_address_has_not_come_back_and_is_to_be_checked(place: Place) {
        missed(&place, "C-1");
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(&db, "update contact set bounced_at = '2026-09-01 10:00:00+00:00' where email = 'lead@oh.nhs.example'").await.unwrap();
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let page = administrator.get("/directory?show=bounced").await;
        assert!(page.body.contains("mail came back (1)") && page.body.contains("to be checked (4)"), "{}", page.body);
        let at = link(&page, "contacts", "lead@oh");
        let change = |seen: &str, email: &str, checked: &str| fields(&[("seen", seen), ("role", "Safeguarding lead"), ("email", email), ("lead", "yes"), ("checked", checked)]);
        let seen = administrator.get(&at).await.field("seen");
        let other = administrator.post(&at, &change(&seen, "hv-north@oh.nhs.example", "")).await;
        assert_eq!(other.status, 303, "another place");
        let stale = administrator.post(&at, &change(&seen, "third@oh.nhs.example", "")).await;
        assert!(stale.status == 422 && stale.body.contains("Somebody changed this contact meanwhile"), "{}", stale.body);
        assert!(administrator.get("/directory?show=bounced").await.body.contains("Nothing is left to do here."));
        let seen = administrator.get(&at).await.field("seen");
        assert_eq!(administrator.post(&at, &change(&seen, "safeguarding@oh.nhs.example", "yes")).await.status, 303);
        administrator.post(&format!("{at}/came-back"), &[]).await;
        assert!(administrator.get("/directory?show=bounced").await.body.contains("safeguarding@oh.nhs.example"));
        administrator.post(&format!("{at}/verified"), &[]).await;
        let page = administrator.get("/directory?show=unverified").await.body;
        assert!(page.contains("to be checked (3)") && !page.contains("safeguarding@oh.nhs.example"), "{page}");
        assert!(administrator.get(&at).await.body.contains("letters in full") || administrator.get(&at).await.body.contains("short letters only"));
        let late = place.site("2026-12-30T10:00:00Z").await;
        let mut administrator = Person::with_role(&place, &late, "administrator").await;
        let seen = administrator.get("/directory?show=unverified").await;
        assert!(seen.body.contains("to be checked (4)"), "91 days on: {}", seen.body);
        assert_eq!(administrator.post(&format!("{at}/verified"), &[]).await.status, 303);
        assert!(administrator.get("/directory").await.body.contains("to be checked (3)"));
    }

    async fn whoever_asks_for_one_email_a_day_gets_one_in_the_morning_and_nobody_else_waits(place: Place) {
        daily(&place).await;
        let went = |moment: &str, address: &str| {
            place.done_at(moment, &["run-task", "dispatch"]);
            let mails = place.mail();
            mails.into_iter().filter(|m| m.to == address).map(|m| m.subject).collect::<Vec<_>>()
        };
        assert_eq!(went(LATER, "health-visiting-north@oh.nhs.example").len(), 2, "at once");
        assert_eq!(went("2026-10-01T07:59:00Z", "lead@oh.nhs.example"), [] as [&str; 0]);
        assert_eq!(went("2026-10-01T08:00:00Z", "lead@oh.nhs.example"), ["Child protection conferences: 2 letters in one"]);
        let digest = place.mail().into_iter().find(|m| m.subject.contains("2 letters in one")).unwrap();
        for text in ["Here is today's email, as you asked for: 2 letters in one", "we missed you (please answer by Thursday 8 October 2026)"] {
            assert!(digest.text.contains(text), "{text}: {}", digest.text);
        }
        assert_eq!(place.report("2026-10")["M15"]["numerator"], 2, "and in time");
    }

    async fn a_digest_that_nobody_took_is_telephoned_about_letter_by_letter(place: Place) {
        let mut administrator = daily(&place).await;
        let server = MailServer::start(Tls::Starttls);
        server.trouble(Trouble::Recipient("550 5.1.1 no such mailbox"));
        post_by(&place, &server, LATER, &[]);
        assert!(administrator.get("/feedback").await.body.contains("Nobody has to be telephoned"), "the lead may still be reached");
        post_by(&place, &server, "2026-10-01T08:00:00Z", &[]);
        let page = administrator.get("/feedback").await.body;
        assert_eq!(page.matches("/telephoned\"").count(), 2, "each absence by itself: {page}");
        let site = place.site("2026-10-01T08:10:00Z").await;
        let mut again = Person::with_role(&place, &site, "administrator").await;
        post_by(&place, &server, "2026-10-02T08:00:00Z", &[]);
        let page = again.get("/feedback").await.body;
        assert_eq!(page.matches("/telephoned\"").count(), 2, "and never bundled again: {page}");
    }

    async fn a_letter_that_went_inside_a_digest_is_corrected_as_one_that_went_by_itself(place: Place) {
        daily(&place).await;
        place.done_at(LATER, &["run-task", "dispatch"]);
        place.done_at("2026-10-01T08:00:00Z", &["run-task", "dispatch"]);
        let mut qa = Person::with_role(&place, &place.site("2026-10-01T08:10:00Z").await, "qa_manager").await;
        let found = qa.get("/?day=2026-09-30").await;
        let at = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&found.body).unwrap().as_str().to_owned();
        was_there(&mut qa, &at).await;
        place.done_at("2026-10-01T09:00:00Z", &["run-task", "feedback"]);
        place.done_at("2026-10-01T09:00:00Z", &["run-task", "dispatch"]);
        place.done_at("2026-10-02T08:00:00Z", &["run-task", "dispatch"]);
        let mails = place.mail();
        for address in ["health-visiting-north@oh.nhs.example", "lead@oh.nhs.example"] {
            let told = mails.iter().filter(|m| m.to == address && m.subject.contains("we were wrong, and are sorry"));
            assert_eq!(told.count(), 1, "{address}: {:?}", mails.iter().map(|m| (&m.to, &m.subject)).collect::<Vec<_>>());
        }
    }

    async fn the_same_address_in_the_same_role_at_the_same_place_is_refused(place: Place) {
        missed(&place, "C-1");
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let service = found(&mut administrator, "health visiting", "services", "Health Visiting North").await;
        let id = service.rsplit('/').next().unwrap().to_owned();
        let new = |email: &str| fields(&[("service", &id), ("role", "Health visitor"), ("email", email)]);
        let twice = administrator.post("/directory/contacts", &new("HV-North@oh.nhs.example")).await;
        assert!(twice.status == 422 && twice.body.contains("in the directory already"), "{}", twice.body);
        let added = administrator.post("/directory/contacts", &new("hv-duty@oh.nhs.example")).await;
        assert_eq!(added.location.as_deref(), Some(format!("{service}?done=yes").as_str()));
        assert!(administrator.get(&service).await.body.contains("hv-duty@oh.nhs.example"));
        let empty = administrator.post("/directory/contacts", &fields(&[("service", &id)])).await;
        assert!(empty.body.contains("Enter the role") && empty.body.contains("Enter one mail address"), "{}", empty.body);
        let nowhere = fields(&[("service", "00000000-0000-0000-0000-000000000000"), ("role", "x"), ("email", "a@b.example")]);
        assert_eq!(administrator.post("/directory/contacts", &nowhere).await.status, 404);
    }

    async fn an_agency_that_ended_is_still_shown_at_its_own_conferences(place: Place) {
        missed(&place, "C-1");
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let new = |code: &str, name: &str, to: &str, next: &str| fields(&[("code", code), ("name", name), ("group", "probation"), ("valid_to", to), ("successor", next)]);
        assert_eq!(administrator.post("/directory/agencies", &new("ps", "Probation Service", "", "")).await.status, 303);
        let open = administrator.post("/directory/agencies", &new("NPS", "National Probation Service", "", "PS")).await;
        assert!(open.status == 422 && open.body.contains("Enter the last day too"), "{}", open.body);
        let ended = administrator.post("/directory/agencies", &new("NPS", "National Probation Service", "25/06/2023", "OCCG")).await;
        assert!(ended.status == 422 && ended.body.contains("has ended by then itself"), "{}", ended.body);
        let added = administrator.post("/directory/agencies", &new("NPS", "National Probation Service", "25/06/2021", "PS")).await;
        assert_eq!(added.status, 303, "{}", added.body);
        let at = added.location.unwrap().replace("?done=yes", "");
        let twice = administrator.post("/directory/agencies", &new("Nps", "Another", "", "")).await;
        assert!(twice.status == 422 && twice.body.contains("Another agency has this code"), "{}", twice.body);
        let service = administrator.post(&format!("{at}/services"), &fields(&[("service", "Oxford office")])).await;
        assert_eq!(service.status, 303);
        let mut rows = conference("OLD");
        for row in &mut rows {
            *row = row.clone().with("conference_date", "2020-09-30").with("invited_on", "2020-09-07").with("report_received_on", "2020-09-25");
        }
        let mut probation = rows[3].clone().with("agency_code", "NPS").with("service", "Oxford office").with("role", "Probation officer");
        probation = probation.with("contact_email", "duty@nps.example");
        rows.push(probation);
        place.import(LATER, &rows);
        let page = administrator.get("/?day=2020-09-30").await.body;
        let met = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
        let page = administrator.get(&met).await.body;
        assert!(page.contains("Oxford office") && page.contains("National Probation Service"), "{page}");
    }

    async fn a_service_that_is_there_twice_becomes_one_with_the_same_figures_and_files_follow(place: Place) {
        missed(&place, "C-1");
        let mut twin = conference("C-2");
        twin[2] = twin[2].clone().with("service", "HV North").absent();
        place.import(EVENING, &twin);
        let mut both = conference("C-3");
        both[3] = both[3].clone().with("service", "Marston School").with("agency_code", "SCH").with("role", "Designated safeguarding lead").with("contact_email", "x@sch.example");
        place.import(EVENING, &both);
        let before = place.report("2026-09");
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let gone = found(&mut administrator, "hv north", "services", "HV North").await;
        let kept = found(&mut administrator, "health visiting", "services", "Health Visiting North").await;
        let into = kept.rsplit('/').next().unwrap().to_owned();
        let unsure = administrator.post(&format!("{gone}/merge"), &fields(&[("into", &into)])).await;
        assert!(unsure.status == 422 && unsure.body.contains("you are sure"), "{}", unsure.body);
        let merged = administrator.post(&format!("{gone}/merge"), &fields(&[("into", &into), ("sure", "yes")])).await;
        assert_eq!(merged.location.as_deref(), Some(format!("{kept}?done=yes").as_str()));
        assert_eq!(place.report("2026-09"), before, "every figure as before");
        assert_eq!(administrator.get(&gone).await.location.as_deref(), Some(kept.as_str()));
        assert!(!administrator.get("/directory?q=hv+north").await.body.contains(">HV North<"));
        let twice = administrator.post(&format!("{gone}/merge"), &fields(&[("into", &into), ("sure", "yes")])).await;
        assert_eq!(twice.location.as_deref(), Some(kept.as_str()), "sent twice");
        let again = place.import(LATER, &twin);
        assert!(!again.contains("vanished") && !again.contains("1 new"), "the file's name means the one that is kept: {again}");
        assert_eq!(place.report("2026-09"), before);

        let one = found(&mut administrator, "marston school", "services", "Marston School").await;
        let other = found(&mut administrator, "marston primary", "services", "Marston Primary School").await;
        let other = other.rsplit('/').next().unwrap().to_owned();
        let refused = administrator.post(&format!("{one}/merge"), &fields(&[("into", &other), ("sure", "yes")])).await;
        assert!(refused.status == 422 && refused.body.contains("Both were invited to 1 of the same conferences"), "{}", refused.body);
        let elsewhere = administrator.post(&format!("{one}/merge"), &fields(&[("into", &into), ("sure", "yes")])).await;
        assert!(elsewhere.status == 422 && elsewhere.body.contains("Choose a service of this agency"), "{}", elsewhere.body);

        let mut auditor = Person::with_role(&place, &site, "auditor").await;
        assert!(auditor.get("/audit?what=service.merged").await.body.contains("service.merged"));
        assert_eq!(place.run(&["audit", "verify"]).code, 0);
    }
}
