//! The post after something was out of order: a mail server that could not be used, a process that ended amid a letter.

use std::time::Duration;

use sea_orm::ConnectionTrait as _;

use crate::both;
use crate::harness::Place;
use crate::harness::log::{EVENING, LATER, conference};
use crate::harness::smtp::{MailServer, Tls, Trouble};
use crate::post::{absences, dispatch, ids, states};

/// Seven letters for each of two addresses, and so many for each of two others, that nobody could send until the morning.
fn letters_of_an_outage(place: &Place, others: usize) {
    let mut rows = Vec::new();
    for n in 0..7 {
        let (name, child) = (format!("C-{n}"), format!("L{n}"));
        for (m, row) in conference(&name).into_iter().enumerate() {
            let row = row.with("child_refs", &child).with("decisions", &format!("{child}=plan_continues"));
            // The health visitor was missed each time; the police so often.
            rows.push(if m == 2 || m == 3 && n < others { row.absent() } else { row });
        }
    }
    place.import(EVENING, &rows);
    place.done_at(LATER, &["run-task", "feedback"]);
}

both! {
    async fn while_the_server_cannot_be_used_one_letter_tries_and_afterwards_all_go_in_the_order_of_posting(place: Place) {
        absences(&place, 6);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::NoGreeting);
        let ran = dispatch(&place, &server, LATER, &[]);
        assert!(ran.out.contains("1 put off: the mail server did not answer within 2 seconds"), "{}{}", ran.out, ran.err);
        server.trouble(Trouble::None);
        let before: Vec<_> = place.outbox().iter().map(|m| m["id"].clone()).collect();
        let ran = dispatch(&place, &server, "2026-09-30T16:30:00Z", &[("QUORATE__MAIL__SMTP__CONNECTIONS", "1")]);
        assert!(ran.out.contains("12 sent"), "{}{}", ran.out, ran.err);
        let went: Vec<_> = ids(&server).iter().map(|id| serde_json::json!(id[1..37])).collect();
        assert_eq!(went, before);
    }

    async fn once_the_server_can_be_used_again_what_waited_for_it_goes_first_and_not_at_its_own_next_try(place: Place) {
        absences(&place, 6);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::NoGreeting);
        for moment in [LATER, "2026-09-30T16:05:10Z", "2026-09-30T16:05:20Z"] {
            dispatch(&place, &server, moment, &[]);
        }
        server.trouble(Trouble::None);
        let before: Vec<_> = place.outbox().iter().map(|m| m["id"].clone()).collect();
        let one_by_one = [("QUORATE__MAIL__SMTP__CONNECTIONS", "1")];
        let ran = dispatch(&place, &server, "2026-09-30T16:05:30Z", &one_by_one);
        assert!(ran.out.contains("1 sent") && ran.out.contains("can be used again"), "{}{}", ran.out, ran.err);
        let ran = dispatch(&place, &server, "2026-09-30T16:05:35Z", &one_by_one);
        assert!(ran.out.contains("11 sent"), "{}{}", ran.out, ran.err);
        let went: Vec<_> = ids(&server).iter().map(|id| serde_json::json!(id[1..37])).collect();
        // The one that tried the server is ahead of those that had tried before.
        let mut expected = before;
        let tried = expected.remove(3);
        expected.insert(0, tried);
        assert_eq!(went, expected);
    }

    async fn what_waited_for_the_server_is_let_go_though_the_first_letter_that_tried_it_was_refused(place: Place) {
        absences(&place, 2);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::NoGreeting);
        dispatch(&place, &server, LATER, &[]);
        // The second letter goes to the lead, and so does the fourth.
        server.trouble(Trouble::OneRecipient("lead@oh.nhs.example", "550 5.1.1 no such mailbox"));
        let ran = dispatch(&place, &server, "2026-09-30T16:05:10Z", &[]);
        assert!(ran.out.contains("1 sent, 0 put off, 2 given up"), "{}{}", ran.out, ran.err);
        let ran = dispatch(&place, &server, "2026-09-30T16:05:15Z", &[]);
        assert!(ran.out.contains("1 sent"), "{}{}", ran.out, ran.err);
    }

    async fn what_the_server_accepted_is_sent_though_its_lease_had_run_out(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::Slow(Duration::from_millis(1500)));
        let mut command = place.command(&["--at", LATER, "run-task", "dispatch"]);
        let mut running = command.envs(server.settings()).stdout(std::process::Stdio::null()).spawn().unwrap();
        crate::processes::until("the first is under way", || states(&place).iter().any(|s| s == "sending"));
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        let run_out = "update outbox set state = 'waiting', lease = null, lease_until = null, may_have_been_delivered = true \
                       where state = 'sending'";
        assert_eq!(db.execute_unprepared(run_out).await.unwrap().rows_affected(), 1);
        assert!(running.wait().unwrap().success());
        assert_eq!(states(&place), ["sent", "sent"]);
        assert_eq!(ids(&server).len(), 2, "neither went again");
    }

    async fn a_letter_at_which_process_after_process_ends_becomes_a_persons_task(place: Place) {
        absences(&place, 1);
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        db.execute_unprepared("update outbox set abandoned = 20, attempts = 20").await.unwrap();
        let server = MailServer::start(Tls::None);
        let ran = dispatch(&place, &server, LATER, &[]);
        assert!(ran.out.contains("2 given up"), "{}{}", ran.out, ran.err);
        assert!(server.received().is_empty());
        assert!(place.outbox().iter().all(|m| m["may_have_been_delivered"] == true));
        place.done_at("2026-09-30T16:20:00Z", &["outbox", "requeue"]);
        dispatch(&place, &server, "2026-09-30T16:21:00Z", &[]);
        assert_eq!(states(&place), ["sent", "sent"], "whoever puts it back has it tried anew");
    }

    async fn letters_whose_digest_may_have_arrived_go_by_themselves_as_ones_that_may_have_too(place: Place) {
        letters_of_an_outage(&place, 0);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::Drop);
        let digests = [("QUORATE__FEEDBACK__DIGEST_ABOVE", "5")];
        dispatch(&place, &server, "2026-10-01T08:00:00Z", &digests);
        let unsure = |place: &Place| place.outbox().into_iter().filter(|m| m["may_have_been_delivered"] == true).collect::<Vec<_>>();
        assert_eq!(unsure(&place).len(), 1);
        let digest = unsure(&place).remove(0);
        assert_eq!(digest["kind"], "digest");
        // One of its letters does not hold any more.
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        let attended = "update invitation set attendance = 'in_person' where id in (select f.invitation_id from feedback f \
                        join outbox l on l.about_id = f.id join outbox d on d.id = l.digest_id where d.may_have_been_delivered \
                        order by f.id limit 1)";
        assert_eq!(db.execute_unprepared(attended).await.unwrap().rows_affected(), 1);
        server.trouble(Trouble::None);
        dispatch(&place, &server, "2026-10-01T08:06:00Z", &digests);
        let mut unsure = unsure(&place);
        unsure.retain(|m| m["recipient"] == digest["recipient"]);
        assert_eq!(unsure.len(), 1 + 7, "{unsure:?}");
        // A digest that was not sent carries nothing any more: nobody could say who may read it.
        let site = place.site("2026-10-01T08:10:00Z").await;
        let mut administrator = crate::harness::http::Person::with_role(&place, &site, "administrator").await;
        let page = administrator.get(&format!("/post/{}", digest["id"].as_str().unwrap())).await.body;
        assert!(page.contains("is not shown here") && !page.contains("7 letters in one"), "{page}");
        let of = |state: &str| unsure.iter().filter(|m| m["kind"] != "digest" && m["state"] == state).count();
        assert_eq!((of("sent"), of("cancelled")), (6, 1), "{unsure:?}");
    }

    async fn after_an_outage_more_than_five_letters_to_one_address_become_one(place: Place) {
        letters_of_an_outage(&place, 2);
        let kinds = |state: &str| place.outbox().iter().filter(|m| m["state"] == state).count();
        assert_eq!(kinds("waiting"), 7 * 2 + 2 * 2);
        // Nothing could be sent until now.
        let morning = "2026-10-01T08:00:00Z";
        let mut command = place.command(&["--at", morning, "run-task", "dispatch"]);
        assert!(command.env("QUORATE__FEEDBACK__DIGEST_ABOVE", "5").status().unwrap().success());
        let mails = place.mail();
        let digests: Vec<_> = mails.iter().filter(|m| m.subject == "Child protection conferences: 7 letters in one").collect();
        assert_eq!(digests.len(), 2, "the team, and the lead of its agency: {mails:?}");
        assert_eq!(mails.len(), 2 + 4, "to the police they come one by one");
        let digest = digests[0];
        assert!(digest.text.starts_with("If you know something"), "{}", digest.text);
        assert_eq!(digest.text.matches("/reply/").count(), 7);
        let said = format!("{} {}", digest.subject, digest.text);
        let words = said.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let children: Vec<String> = (0..7).flat_map(|n| [format!("L{n}"), format!("C-{n}")]).collect();
        assert!(words.clone().any(|word| word == "letters"), "{said}");
        assert!(words.clone().all(|word| !children.iter().any(|child| child == word)), "no child: {said}");
        // Each letter has gone, with its digest: it is answered, corrected and counted as any other.
        assert_eq!((kinds("sent"), kinds("waiting")), (7 * 2 + 2 * 2 + 2, 0));
        let outbox = place.outbox();
        let of = outbox.iter().find(|m| m["kind"] == "digest" && m["recipient"] == digest.to.as_str()).unwrap();
        let site = place.site("2026-10-01T08:05:00Z").await;
        let mut administrator = crate::harness::http::Person::with_role(&place, &site, "administrator").await;
        let page = administrator.get(&format!("/post/{}", of["id"].as_str().unwrap())).await;
        assert!(page.body.contains("7 letters in one") && page.body.contains("we missed you"), "{}", page.body);
        place.done_at("2026-10-01T08:10:00Z", &["run-task", "dispatch"]);
        assert_eq!(place.mail().len(), 6);
        assert_eq!(place.report("2026-10")["M16"]["sent"], 9);
        let site = place.site("2026-10-01T09:00:00Z").await;
        let link = regex::Regex::new("/reply/[0-9a-f]{64}").unwrap().find(&digest.text).unwrap().as_str().to_owned();
        let mut agency = crate::harness::http::Person::anonymous(&site);
        assert_eq!(crate::replies::say(&mut agency, &link, &[("say", "acknowledged")]).await.status, 303);
    }
}
