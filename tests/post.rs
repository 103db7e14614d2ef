//! The post and a mail server that misbehaves, with the real program at one end and a real server at
//! the other.

use std::time::Duration;

use crate::both;
use crate::harness::log::{EVENING, LATER, Row, conference};
use crate::harness::smtp::{MailServer, Tls, Trouble, authority};
use crate::harness::{Place, Ran};

/// `count` conferences, at each of which the health visitor was missed: two letters each.
pub fn absences(place: &Place, count: usize) {
    let rows: Vec<Row> = (0..count)
        .flat_map(|n| {
            let name = format!("C-{n}");
            let mut rows = conference(&name);
            rows[2] = rows[2].clone().absent();
            rows.into_iter().map(move |r| {
                let child = format!("L{n}");
                r.with("child_refs", &child).with("decisions", &format!("{child}=plan_continues"))
            })
        })
        .collect();
    place.import(EVENING, &rows);
    place.done_at(LATER, &["run-task", "feedback"]);
}

pub fn dispatch(place: &Place, server: &MailServer, moment: &str, also: &[(&str, &str)]) -> Ran {
    place.write("authority.pem", authority());
    let mut command = place.command(&["--at", moment, "run-task", "dispatch"]);
    command.envs(server.settings());
    command.env("QUORATE__MAIL__SMTP__AUTHORITY_FILE", place.path("authority.pem"));
    command.envs(also.iter().copied());
    Ran::from(command.output().unwrap())
}

pub fn states(place: &Place) -> Vec<String> {
    place.outbox().iter().map(|m| m["state"].as_str().unwrap().to_owned()).collect()
}

pub fn ids(server: &MailServer) -> Vec<String> {
    server.received().into_iter().map(|r| r.message_id).collect()
}

both! {
    async fn letters_go_under_tls_of_either_kind_and_never_without_it(place: Place) {
        absences(&place, 1);
        let bare = MailServer::start(Tls::None);
        let ran = dispatch(&place, &bare, LATER, &[("QUORATE__MAIL__SMTP__TLS", "starttls")]);
        assert!(ran.out.contains("STARTTLS is not supported"), "{}{}", ran.out, ran.err);
        let other = MailServer::start_as(Tls::Starttls, "elsewhere");
        let ran = dispatch(&place, &other, "2026-09-30T16:11:00Z", &[]);
        assert!(ran.out.contains("certificate"), "{}{}", ran.out, ran.err);
        let stranger = MailServer::start(Tls::FromTheFirstByte);
        let ran = dispatch(&place, &stranger, "2026-09-30T16:17:00Z", &[("QUORATE__MAIL__SMTP__AUTHORITY_FILE", "")]);
        assert!(ran.out.contains("certificate"), "{}{}", ran.out, ran.err);
        assert!(bare.received().is_empty() && other.received().is_empty() && stranger.received().is_empty());
        assert_eq!(states(&place), ["waiting", "waiting"]);

        let right = MailServer::start(Tls::Starttls);
        dispatch(&place, &right, "2026-09-30T16:30:00Z", &[]);
        assert_eq!(states(&place), ["sent", "sent"]);
        assert!(right.received().iter().all(|r| r.encrypted) && right.received().len() == 2);
    }

    async fn letters_go_with_tls_from_the_first_byte(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::FromTheFirstByte);
        dispatch(&place, &server, LATER, &[]);
        assert_eq!(states(&place), ["sent", "sent"]);
    }

    async fn a_refused_sign_in_gives_no_letter_up_and_the_file_of_the_secret_is_read_anew(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::Starttls);
        // \0post\0a secret
        server.wants("PLAIN", "AHBvc3QAYSBzZWNyZXQ=");
        let file = place.write("secret", "stale\n");
        let sign_in = [
            ("QUORATE__MAIL__SMTP__SIGN_IN", "password"),
            ("QUORATE__MAIL__SMTP__USERNAME", "post"),
            ("QUORATE__MAIL__SMTP__PASSWORD_FILE", file.to_str().unwrap()),
        ];
        let ran = dispatch(&place, &server, LATER, &sign_in);
        assert!(ran.out.contains("535"), "{}{}", ran.out, ran.err);
        assert_eq!(states(&place), ["waiting", "waiting"]);
        place.write("secret", "a secret\n");
        dispatch(&place, &server, "2026-09-30T16:30:00Z", &sign_in);
        assert_eq!(states(&place), ["sent", "sent"]);
    }

    async fn an_access_token_signs_in(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::Starttls);
        // user=post ^A auth=Bearer token ^A ^A
        server.wants("XOAUTH2", "dXNlcj1wb3N0AWF1dGg9QmVhcmVyIHRva2VuAQE=");
        let sign_in = [
            ("QUORATE__MAIL__SMTP__SIGN_IN", "xoauth2"),
            ("QUORATE__MAIL__SMTP__USERNAME", "post"),
            ("QUORATE__MAIL__SMTP__PASSWORD", "token"),
        ];
        dispatch(&place, &server, LATER, &sign_in);
        assert_eq!(states(&place), ["sent", "sent"]);
    }

    async fn a_refusal_for_good_stops_at_once_and_becomes_a_call_when_nobody_was_reached(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::OneRecipient("lead@oh.nhs.example", "550 5.1.1 no such mailbox"));
        let ran = dispatch(&place, &server, LATER, &[]);
        assert!(ran.out.contains("1 sent, 0 put off, 1 given up"), "{}", ran.out);
        let outbox = place.outbox();
        let given_up = outbox.iter().find(|m| m["state"] == "failed").unwrap();
        assert_eq!(given_up["recipient"], "lead@oh.nhs.example");
        assert!(given_up["last_error"].as_str().unwrap().contains("550"), "{given_up}");
        assert_eq!(server.received().len(), 1);
        dispatch(&place, &server, "2026-10-01T10:00:00Z", &[]);
        assert_eq!(place.outbox().iter().map(|m| m["attempts"].as_i64().unwrap()).sum::<i64>(), 2, "not again");
        server.trouble(Trouble::None);
        place.done_at("2026-10-01T11:00:00Z", &["outbox", "requeue"]);
        dispatch(&place, &server, "2026-10-01T11:00:00Z", &[]);
        assert_eq!(states(&place), ["sent", "sent"]);
    }

    async fn a_refused_letter_is_given_up_and_a_passing_error_is_tried_again_in_five_minutes(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::Greylist);
        let ran = dispatch(&place, &server, LATER, &[]);
        assert!(ran.out.contains("0 sent, 2 put off"), "{}", ran.out);
        let ran = dispatch(&place, &server, "2026-09-30T16:09:59Z", &[]);
        assert!(ran.out.contains("nothing to do"), "{}", ran.out);
        server.trouble(Trouble::Letter("554 5.6.0 not like this"));
        let ran = dispatch(&place, &server, "2026-09-30T16:10:00Z", &[]);
        assert!(ran.out.contains("2 given up"), "{}", ran.out);
        assert!(place.outbox().iter().all(|m| m["may_have_been_delivered"] == false));
    }

    async fn a_letter_taken_without_an_answer_may_have_been_delivered_and_goes_again_as_the_same_message(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::None);
        for (trouble, moment) in [(Trouble::Drop, LATER), (Trouble::NoAnswer, "2026-09-30T16:11:00Z")] {
            server.trouble(trouble);
            let ran = dispatch(&place, &server, moment, &[("QUORATE__MAIL__SMTP__CONNECTIONS", "1")]);
            assert!(ran.out.contains("1 put off: "), "{}{}", ran.out, ran.err);
        }
        let unsure = place.outbox().iter().filter(|m| m["may_have_been_delivered"] == true).count();
        assert_eq!(unsure, server.received().iter().map(|r| &r.to).collect::<std::collections::HashSet<_>>().len());
        server.trouble(Trouble::None);
        dispatch(&place, &server, "2026-09-30T16:30:00Z", &[]);
        assert_eq!(states(&place), ["sent", "sent"]);
        let mut different = ids(&server);
        assert_eq!(different.len(), 4);
        different.sort();
        different.dedup();
        assert_eq!(different.len(), 2, "each repeated under its own Message-ID");
    }

    async fn a_letter_is_given_up_after_four_hours_and_two_working_days_and_somebody_telephones(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::Recipient("450 4.2.0 not now"));
        dispatch(&place, &server, LATER, &[]);
        dispatch(&place, &server, "2026-10-02T16:30:00Z", &[]);
        assert_eq!(states(&place), ["waiting", "waiting"]);
        let ran = dispatch(&place, &server, "2026-10-05T08:10:00Z", &[]);
        assert!(ran.out.contains("2 given up"), "{}{}", ran.out, ran.err);
        let site = place.site("2026-10-05T08:10:00Z").await;
        let mut administrator = crate::harness::http::Person::with_role(&place, &site, "administrator").await;
        assert!(administrator.get("/feedback").await.body.contains("Health Visiting North"));
    }

    async fn no_more_letters_a_minute_go_than_the_settings_allow(place: Place) {
        absences(&place, 4);
        let server = MailServer::start(Tls::None);
        dispatch(&place, &server, LATER, &[("QUORATE__MAIL__PER_MINUTE", "600")]);
        let times: Vec<_> = server.received().iter().map(|r| r.at).collect();
        assert_eq!(times.len(), 8);
        assert!(times[7] - times[0] >= Duration::from_millis(500), "seven gaps of a tenth of a second each, less the way of the first");
    }

    async fn post_that_is_held_back_is_neither_made_nor_sent_until_it_is_let_go(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::None);
        place.done_at(LATER, &["outbox", "hold", "--why", "a wrong template"]);
        let ran = dispatch(&place, &server, LATER, &[]);
        assert!(ran.out.contains("the post is held back: a wrong template"), "{}", ran.out);
        assert!(place.run(&["check"]).out.contains("the post is held back: a wrong template"));
        place.done_at(LATER, &["outbox", "release"]);
        dispatch(&place, &server, LATER, &[]);
        assert_eq!(states(&place), ["sent", "sent"]);
    }
}

/// Runs the dispatcher every ten minutes until nothing waits.
fn dispatch_all(place: &Place, server: &MailServer, from: &str) {
    let mut moment = crate::harness::at(from);
    while states(place).iter().any(|s| s == "waiting") {
        dispatch(
            place,
            server,
            &moment.to_rfc3339(),
            &[("QUORATE__FEEDBACK__WINDOW", "every day 00:00-24:00")],
        );
        moment += chrono::TimeDelta::minutes(10);
    }
}

both! {
    async fn what_a_server_has_against_us_gives_no_letter_up(place: Place) {
        absences(&place, 6);
        let server = MailServer::start(Tls::None);
        for (answer, moment) in [
            ("554 5.7.1 Relay access denied", LATER),
            ("553 5.1.8 Sender address rejected", "2026-09-30T16:11:00Z"),
            ("503 5.5.1 Not now", "2026-09-30T16:17:00Z"),
            ("552 5.3.1 System full", "2026-09-30T16:23:00Z"),
        ] {
            server.trouble(Trouble::Recipient(answer));
            let ran = dispatch(&place, &server, moment, &[]);
            assert!(ran.out.contains("put off: the mail server refused 5 letters"), "{}{}", ran.out, ran.err);
        }
        assert!(states(&place).iter().all(|s| s == "waiting"));
        server.trouble(Trouble::None);
        dispatch_all(&place, &server, "2026-09-30T16:30:00Z");
        assert!(states(&place).iter().all(|s| s == "sent"));
    }

    async fn what_a_server_has_against_a_mailbox_or_a_letter_gives_it_up_whatever_its_enhanced_code(place: Place) {
        absences(&place, 2);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::Recipient("550 5.5.0 mailbox unavailable"));
        let ran = dispatch(&place, &server, LATER, &[("QUORATE__MAIL__SMTP__CONNECTIONS", "1")]);
        assert!(ran.out.contains("4 given up"), "{}{}", ran.out, ran.err);
        place.done_at("2026-09-30T16:20:00Z", &["outbox", "requeue"]);
        server.trouble(Trouble::Letter("552 5.3.4 too big for this system"));
        let ran = dispatch(&place, &server, "2026-09-30T16:21:00Z", &[]);
        assert!(ran.out.contains("4 given up"), "{}{}", ran.out, ran.err);
    }

    async fn two_letters_of_one_absence_refused_at_the_same_time_become_a_call(place: Place) {
        absences(&place, 12);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::Recipient("550 5.1.1 no such mailbox"));
        dispatch_all(&place, &server, LATER);
        let site = place.site("2026-09-30T18:00:00Z").await;
        let mut administrator = crate::harness::http::Person::with_role(&place, &site, "administrator").await;
        let calls = administrator.get("/feedback").await.body.matches("/telephoned").count();
        assert_eq!(calls, 12, "each absence nobody could be reached about");
    }

    async fn holding_the_post_back_stops_a_run_that_is_under_way(place: Place) {
        absences(&place, 30);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::Slow(Duration::from_millis(300)));
        let mut command = place.command(&["--at", LATER, "run-task", "dispatch"]);
        command.envs(server.settings()).stdout(std::process::Stdio::piped());
        let running = command.spawn().unwrap();
        crate::processes::until("under way", || server.received().len() >= 4);
        place.done_at(LATER, &["outbox", "hold", "--why", "the wrong telephone number"]);
        let held_at = server.received().len();
        let said = Ran::from(running.wait_with_output().unwrap()).out;
        assert!(said.contains("the rest waits: the post is held back: the wrong telephone number"), "{said}");
        // A run looks twice a second: two rounds of eight, and what was in an exchange.
        assert!(server.received().len() <= held_at + 24, "{held_at}, and then {}", server.received().len());
        let states = states(&place);
        assert!(states.iter().all(|s| s == "sent" || s == "waiting"), "{states:?}");
    }

    async fn a_letter_that_was_held_back_for_days_has_all_its_tries_before_it(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::None);
        place.done_at(LATER, &["outbox", "hold", "--why", "wait"]);
        place.done_at("2026-10-07T08:00:00Z", &["outbox", "release"]);
        server.trouble(Trouble::Greylist);
        let ran = dispatch(&place, &server, "2026-10-07T08:00:00Z", &[]);
        assert!(ran.out.contains("2 put off, 0 given up"), "{}{}", ran.out, ran.err);
        dispatch(&place, &server, "2026-10-07T08:05:00Z", &[]);
        assert_eq!(states(&place), ["sent", "sent"]);
    }

    async fn after_an_amendment_who_was_not_written_to_yet_gets_the_letter_itself(place: Place) {
        let mut rows = crate::harness::log::conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import(EVENING, &rows);
        place.done_at(LATER, &["run-task", "feedback"]);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::OneRecipient("lead@oh.nhs.example", "450 4.2.0 not now"));
        dispatch(&place, &server, LATER, &[]);
        rows[2] = rows[2].clone().with("invited_on", "2026-09-08");
        place.import("2026-09-30T16:06:00Z", &rows);
        place.done_at("2026-09-30T16:07:00Z", &["run-task", "feedback"]);
        server.trouble(Trouble::None);
        dispatch(&place, &server, "2026-09-30T16:30:00Z", &[]);
        let sent: Vec<(String, String)> = place
            .outbox()
            .iter()
            .filter(|m| m["state"] == "sent")
            .map(|m| (m["recipient"].as_str().unwrap().to_owned(), m["kind"].as_str().unwrap().to_owned()))
            .collect();
        assert!(sent.contains(&("lead@oh.nhs.example".into(), "accepted_not_come".into())), "{sent:?}");
        assert!(sent.contains(&("health-visiting-north@oh.nhs.example".into(), "correction".into())), "{sent:?}");
        assert_eq!(sent.len(), 3, "the first letter, its correction, and the lead's own: {sent:?}");
    }

    async fn a_letter_about_which_somebody_telephoned_is_not_put_back_in_the_queue(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::Recipient("550 5.1.1 no such mailbox"));
        dispatch(&place, &server, LATER, &[]);
        let site = place.site("2026-09-30T16:30:00Z").await;
        let mut administrator = crate::harness::http::Person::with_role(&place, &site, "administrator").await;
        let page = administrator.get("/feedback").await.body;
        let action = regex::Regex::new("/feedback/[^\"]*/telephoned").unwrap().find(&page).unwrap().as_str().to_owned();
        assert_eq!(administrator.post(&action, &[("with".into(), "lead".into())]).await.status, 303);
        assert!(place.done_at("2026-10-30T11:00:00Z", &["outbox", "requeue"]).contains("0 message(s)"));
        assert_eq!(states(&place), ["cancelled", "cancelled"]);
    }
}

#[test]
fn settings_of_the_mail_server_that_make_no_sense_are_refused_by_name() {
    let place = Place::sqlite();
    for (name, value, said) in [
        ("SIGN_IN", "password", "mail.smtp.username"),
        ("CONNECTIONS", "0", "mail.smtp.connections"),
        ("TIMEOUT_SECONDS", "0", "mail.smtp.timeout_seconds"),
        ("AUTHORITY_FILE", "nowhere.pem", "mail.smtp.authority_file"),
        ("TLS", "some", "mail.smtp.tls"),
        ("HOST", "mail.example.org", "mail.smtp.tls"),
    ] {
        let mut command = place.command(&["check"]);
        command.env("QUORATE__MAIL__TRANSPORT", "smtp").env("QUORATE__MAIL__SMTP__TLS", "none");
        command.env(format!("QUORATE__MAIL__SMTP__{name}"), value);
        let ran = Ran::from(command.output().unwrap());
        assert_eq!(ran.code, 1);
        assert!((ran.err + &ran.out).contains(said), "{name}");
    }
}
