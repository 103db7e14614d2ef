//! Letters, counted and read over the outbox rather than over a function.

use std::collections::BTreeMap;

use crate::amending::amend;
use crate::both;
use crate::harness::http::{Person, set};
use crate::harness::log::{EVENING, LATER, Row, conference};
use crate::harness::{Place, root};

/// The conference with one agency absent, imported, its letters made and sent.
fn one_absence(place: &Place, change: impl FnOnce(Row) -> Row) {
    let mut rows = conference("C-1");
    rows[2] = change(rows[2].clone().absent());
    place.import(EVENING, &rows);
    make_and_send(place);
}

pub fn make_and_send(place: &Place) {
    place.done_at(LATER, &["run-task", "feedback"]);
    place.done_at(LATER, &["run-task", "dispatch"]);
}

both! {
    async fn the_invited_contact_and_the_safeguarding_lead_each_get_one_letter(place: Place) {
        one_absence(&place, |row| row);
        let to: Vec<String> = place.mail().into_iter().map(|m| m.to).collect();
        assert_eq!(to, ["health-visiting-north@oh.nhs.example", "lead@oh.nhs.example"]);
        let outbox = place.outbox();
        assert_eq!(outbox.len(), 2);
        assert_eq!(outbox[0]["kind"], "accepted_not_come");
        assert_eq!(outbox[0]["conference"], "C-1");
        assert_eq!(outbox[0]["agency"], "OH");
        assert_eq!(outbox[0]["service"], "Health Visiting North");
        assert_eq!(outbox[0]["state"], "sent");
        assert_eq!(outbox[0]["attempts"], 1);
    }

    async fn running_the_tasks_again_sends_nothing_twice(place: Place) {
        one_absence(&place, |row| row);
        let before: Vec<String> = place.mail().into_iter().map(|m| m.raw).collect();
        make_and_send(&place);
        place.done_at("2026-10-01T09:00:00Z", &["run-task", "feedback"]);
        place.done_at("2026-10-01T09:00:00Z", &["run-task", "dispatch"]);
        assert_eq!(place.mail().into_iter().map(|m| m.raw).collect::<Vec<_>>(), before);
        assert_eq!(place.outbox().len(), 2);
    }

    async fn a_letter_waits_for_the_hold_and_for_the_sending_window(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import("2026-09-30T16:50:00Z", &rows);
        assert!(place.done_at("2026-09-30T17:15:00Z", &["run-task", "feedback"]).contains("nothing to do"));
        let said = place.done_at("2026-09-30T17:25:00Z", &["run-task", "feedback"]);
        assert!(said.contains("wait for the sending window: Thursday 1 October 2026, 08:00:00 BST"), "{said}");
        assert!(place.outbox().is_empty());
        let said = place.done_at("2026-10-01T07:00:00Z", &["run-task", "feedback"]);
        assert!(said.contains("2 letters about 1 absences"), "{said}");
    }

    async fn a_gateways_keyword_stands_before_the_subject_for_its_domain_alone(place: Place) {
        let mut rows = conference("C-1");
        (rows[2], rows[3]) = (rows[2].clone().absent(), rows[3].clone().absent());
        place.import(EVENING, &rows);
        let mut command = place.command(&["--at", LATER, "run-task", "feedback"]);
        assert!(command.env("QUORATE__MAIL__GATEWAYS", "police.example=[secure]").status().unwrap().success());
        place.done_at(LATER, &["run-task", "dispatch"]);
        let mails = place.mail();
        let of = |domain: &str| mails.iter().find(|m| m.to.ends_with(domain)).unwrap_or_else(|| panic!("{mails:?}"));
        assert!(of("tvp.police.example").subject.starts_with("[secure] Child protection conference "));
        assert!(of("oh.nhs.example").subject.starts_with("Child protection conference "));
    }

    async fn nothing_is_sent_while_a_setting_that_a_letter_needs_is_empty(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import(EVENING, &rows);
        let mut command = place.command(&["--at", LATER, "run-task", "feedback"]);
        let output = command.env("QUORATE__FEEDBACK__TELEPHONE", "").output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("nothing is sent while feedback.telephone is empty"), "{said}");
        assert!(place.outbox().is_empty());
    }

    async fn an_import_sends_nothing_unless_told_to_and_history_never(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        let folder = place.records(&rows);
        let folder = folder.to_str().unwrap();
        let dry = place.done_at(EVENING, &["import", folder, "--dry-run"]);
        assert!(dry.contains("would make 2 letter(s) about 1 absence(s)"), "{dry}");
        place.done_at(EVENING, &["import", folder]);
        make_and_send(&place);
        assert!(place.outbox().is_empty(), "not asked for");
        place.done_at("2026-10-14T10:00:00Z", &["import", folder, "--feedback"]);
        place.done_at("2026-10-14T11:00:00Z", &["run-task", "feedback"]);
        assert_eq!(place.outbox().len(), 2, "asked for on the tenth working day");
    }

    async fn a_register_imported_more_than_ten_working_days_later_is_history(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import("2026-10-15T10:00:00Z", &rows);
        place.done_at("2026-10-15T11:00:00Z", &["run-task", "feedback"]);
        assert!(place.outbox().is_empty());
    }

    async fn a_letter_about_our_fault_apologises_and_asks_for_the_right_address(place: Place) {
        one_absence(&place, |row| row.with("delivery", "bounced"));
        let mail = place.mail();
        assert_eq!(mail.len(), 1, "never to the address that bounced");
        assert_eq!(mail[0].to, "lead@oh.nhs.example");
        assert_eq!(place.outbox()[0]["kind"], "authority_fault");
        assert!(mail[0].subject.ends_with(": our apology"), "{}", mail[0].subject);
        assert!(mail[0].text.contains("We are sorry"), "{}", mail[0].text);
    }

    async fn an_absence_with_no_usable_address_becomes_a_telephone_call(place: Place) {
        let mut rows = conference("C-1");
        rows.push(Row::of("C-1", "GP", "Sandhills Surgery", "General practitioner").absent()
            .with("contact_email", "someone@gmail.com"));
        place.import(EVENING, &rows);
        let said = place.done_at(LATER, &["run-task", "feedback"]);
        assert!(said.contains("0 letters about 1 absences; 1 to telephone"), "{said}");
        assert!(place.outbox().is_empty());
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let page = administrator.get("/feedback").await.body;
        assert!(page.contains("Sandhills Surgery"), "{page}");
        let action = regex::Regex::new("/feedback/[^\"]*/telephoned").unwrap().find(&page).unwrap().as_str().to_owned();
        let nobody = administrator.post(&action, &[]).await;
        assert!(nobody.body.contains("a call that nobody answered stays to be made"), "{}", nobody.body);
        assert!(administrator.get("/feedback").await.body.contains("Sandhills Surgery"), "it waits");
        assert_eq!(administrator.post(&action, &[("with".into(), "lead".into())]).await.status, 303);
        assert!(administrator.get("/feedback").await.body.contains("Nobody has to be telephoned"));
    }

    async fn a_reason_that_blames_us_waits_until_somebody_settles_it(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent().with("absence_reason", "no_invitation_received");
        place.import(EVENING, &rows);
        make_and_send(&place);
        assert!(place.outbox().is_empty());
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let page = qa.get("/feedback").await.body;
        let there = regex::Regex::new("/conferences/[^\"]*/amend/[^\"]*").unwrap();
        let there = there.find(&page).unwrap().as_str().to_owned();
        let shown = qa.get(&there).await;
        let mut form = shown.form();
        let delivery = form.iter().find(|(n, _)| n.ends_with(".delivery")).unwrap().0.clone();
        set(&mut form, &delivery, "bounced");
        set(&mut form, "why", "The mail server's log shows that it came back.");
        assert_eq!(amend(&mut qa, &there, &form).await.status, 303);
        make_and_send(&place);
        let outbox = place.outbox();
        assert_eq!((outbox.len(), outbox[0]["kind"].as_str()), (1, Some("authority_fault")));
    }

    async fn what_is_amended_before_it_goes_never_goes_as_it_was(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import(EVENING, &rows);
        place.done_at(LATER, &["run-task", "feedback"]);
        let amended = [&rows[..2], &[rows[2].clone().with("attendance", "phone")], &rows[3..]].concat();
        place.import(LATER, &amended);
        place.done_at("2026-09-30T16:10:00Z", &["run-task", "dispatch"]);
        assert!(place.mail().is_empty());
        assert!(place.outbox().iter().all(|m| m["state"] == "cancelled"), "{:?}", place.outbox());
        place.done_at("2026-09-30T16:10:05Z", &["run-task", "feedback"]);
        place.done_at("2026-09-30T16:10:10Z", &["run-task", "dispatch"]);
        assert!(place.mail().is_empty(), "the agency was there: it is owed no letter");
    }

    async fn what_has_gone_is_corrected_and_never_silently_withdrawn(place: Place) {
        one_absence(&place, |row| row);
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().with("by_deputy", "yes").with("report", "none").with("report_received_on", "");
        place.import("2026-10-01T08:00:00Z", &rows);
        place.done_at("2026-10-01T08:30:00Z", &["run-task", "feedback"]);
        place.done_at("2026-10-01T08:30:00Z", &["run-task", "dispatch"]);
        let corrections: Vec<_> = place.mail().into_iter().filter(|m| m.subject.ends_with(": we were wrong, and are sorry")).collect();
        assert_eq!(corrections.len(), 2);
        assert!(corrections[0].text.contains("a deputy was there for your service"), "{}", corrections[0].text);
    }

    async fn a_letter_whose_sender_died_is_sent_again_as_the_same_message_and_marked(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import(EVENING, &rows);
        place.done_at(LATER, &["run-task", "feedback"]);
        // A process took both messages under its lease, and died.
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        use sea_orm::ConnectionTrait;
        let lease = if place.url.starts_with("sqlite") { "x'00000000000000000000000000000001', '2026-09-30T16:06:00+00:00'" }
            else { "'00000000-0000-0000-0000-000000000001', '2026-09-30T16:06:00+00:00'" };
        let (one, two) = lease.split_once(", ").unwrap();
        db.execute_unprepared(&format!("update outbox set state = 'sending', lease = {one}, lease_until = {two}")).await.unwrap();
        assert!(place.done_at("2026-09-30T16:05:30Z", &["run-task", "dispatch"]).contains("nothing to do"), "the lease holds");
        let said = place.done_at("2026-09-30T16:07:00Z", &["run-task", "dispatch"]);
        assert!(said.contains("2 sent"), "{said}");
        let marked = db.query_all_raw(sea_orm::Statement::from_string(db.get_database_backend(),
            "select id from outbox where may_have_been_delivered")).await.unwrap();
        assert_eq!(marked.len(), 2);
        assert_eq!(place.mail().len(), 2);
    }

    async fn a_letter_that_is_given_up_becomes_a_telephone_call_and_can_be_requeued(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import(EVENING, &rows);
        place.done_at(LATER, &["run-task", "feedback"]);
        // A port on which nothing listens.
        let dispatch = |moment: &str| {
            let mut command = place.command(&["--at", moment, "run-task", "dispatch"]);
            command.env("QUORATE__MAIL__TRANSPORT", "smtp").env("QUORATE__MAIL__SMTP__HOST", "127.0.0.1");
            command.env("QUORATE__MAIL__SMTP__PORT", "1").env("QUORATE__MAIL__SMTP__TLS", "none");
            String::from_utf8(command.output().unwrap().stdout).unwrap()
        };
        // One letter a run finds out that the server is away.
        for moment in [LATER, "2026-09-30T16:05:05Z"] {
            assert!(dispatch(moment).contains("1 put off: cannot connect"), "a passing error");
        }
        assert!(dispatch("2026-09-30T16:09:00Z").contains("nothing to do"), "five minutes");
        for moment in ["2026-10-05T10:00:00Z", "2026-10-05T10:00:05Z"] {
            let said = dispatch(moment);
            assert!(said.contains("1 given up"), "{said}");
        }
        let site = place.site("2026-10-05T10:01:00Z").await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        assert!(administrator.get("/feedback").await.body.contains("Health Visiting North"));
        assert!(place.done_at("2026-10-05T20:00:00Z", &["outbox", "requeue"]).contains("2 message(s)"));
        assert!(administrator.get("/feedback").await.body.contains("Nobody has to be telephoned"));
        let said = place.done_at("2026-10-05T20:00:00Z", &["run-task", "dispatch"]);
        assert!(said.contains("2 put off"), "not at night: {said}");
        let said = place.done_at("2026-10-06T07:00:00Z", &["run-task", "dispatch"]);
        assert!(said.contains("2 sent"), "{said}");
    }

    async fn a_reason_that_comes_to_blame_us_and_goes_again_loses_no_letter(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import(EVENING, &rows);
        place.done_at(LATER, &["run-task", "feedback"]);
        let blamed = [&rows[..2], &[rows[2].clone().with("absence_reason", "late_notice")], &rows[3..]].concat();
        place.import(LATER, &blamed);
        assert!(place.done_at(LATER, &["run-task", "dispatch"]).contains("0 sent"));
        assert!(place.outbox().iter().all(|m| m["state"] == "cancelled"));
        place.done_at("2026-09-30T16:05:30Z", &["run-task", "feedback"]);
        assert!(place.mail().is_empty());
        place.import("2026-09-30T16:06:00Z", &rows);
        place.done_at("2026-09-30T16:07:00Z", &["run-task", "feedback"]);
        place.done_at("2026-09-30T16:07:00Z", &["run-task", "dispatch"]);
        assert_eq!(place.mail().len(), 2);
    }

    async fn one_register_that_cannot_be_written_about_keeps_no_other_waiting(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        rows.extend(conference("C-2").into_iter().map(|r| r.with("child_refs", "L7").with("decisions", "L7=plan_continues")));
        rows[6] = rows[6].clone().absent();
        place.import(EVENING, &rows);
        // An address that no check of ours would take, put there behind our back.
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        use sea_orm::ConnectionTrait;
        let harm = "update invitation set contact_email = '\"x y\"@oh.nhs.example' where attendance = 'absent' \
            and conference_id = (select id from conference where conference_ref = 'C-1')";
        db.execute_unprepared(harm).await.unwrap();
        let said = place.done_at(LATER, &["run-task", "feedback"]);
        assert!(said.contains("3 letters about 2 absences"), "{said}");
    }

    async fn letters_of_the_sample_agree_with_an_independent_count(place: Place) {
        let data = root().join("tests/data/oxfordshire-2026");
        place.done_at("2026-12-31T10:00:00Z", &["import", data.to_str().unwrap(), "--feedback"]);
        place.done_at("2026-12-31T10:31:00Z", &["run-task", "feedback"]);
        let mut found: Vec<String> = place.outbox().iter()
            .map(|m| format!("{} {} {} {}", m["conference"], m["agency"], m["service"], m["recipient"]).replace('"', ""))
            .collect();
        found.sort();
        let expected = owed_by_the_sample();
        assert_eq!(found.len(), expected.len());
        assert_eq!(found, expected);
    }
}

/// Who is owed a letter for the sample on its last day, worked out over the text of the file alone.
fn owed_by_the_sample() -> Vec<String> {
    let data = root().join("tests/data/oxfordshire-2026");
    let read = |name: &str| -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(data.join(name)).unwrap();
        reader.deserialize().map(|row| row.unwrap()).collect()
    };
    let leads: BTreeMap<String, String> = read("contacts.csv")
        .into_iter()
        .filter(|c| c["is_safeguarding_lead"] == "yes" && c["service"].is_empty())
        .map(|c| (c["agency_code"].clone(), c["email"].clone()))
        .collect();
    let log = read("attendance-log.csv");
    let open = |name: &str| {
        let expected = |r: &&BTreeMap<String, String>| {
            r["conference_ref"] == name && r["excused"].is_empty() && r["necessity"] != "information_only"
        };
        log.iter().filter(expected).any(|r| r["attendance"].is_empty())
    };
    let mut owed = Vec::new();
    // The tenth working day before 31 December 2026, over Christmas and its substitute day.
    for r in
        log.iter().filter(|r| r["conference_date"].as_str() >= "2026-12-15" && r["status"] != "cancelled")
    {
        let decided = &r["decision_time"];
        let there = ["in_person", "video", "phone"].contains(&r["attendance"].as_str())
            && (r["joined_at"].is_empty() || r["joined_at"] <= *decided)
            && (r["left_at"].is_empty() || r["left_at"] >= *decided);
        let asked = r["excused"].is_empty() && r["necessity"] != "information_only";
        if decided.is_empty() || there || !asked || open(&r["conference_ref"]) {
            continue;
        }
        let mut to = vec![leads[&r["agency_code"]].clone()];
        if r["delivery"] != "bounced" && !r["contact_email"].is_empty() {
            to.push(r["contact_email"].clone());
        }
        to.sort();
        to.dedup();
        owed.extend(
            to.iter().map(|a| format!("{} {} {} {a}", r["conference_ref"], r["agency_code"], r["service"])),
        );
    }
    owed.sort();
    owed
}
