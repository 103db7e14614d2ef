//! Messages that a server took and sent back: read from a folder and from a mailbox, and what follows.

use std::process::{Command, Stdio};

use crate::both;
use crate::convening::{booked, dispatch, office};
use crate::feedback::make_and_send;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, conference};
use crate::harness::{Place, root};

const TEAM: &str = "health-visiting-north@oh.nhs.example";
const AFTER: &str = "2026-09-30T16:30:00Z";

/// The bounce that a postfix made, of another message of ours.
fn bounce_of(message_id: &str) -> String {
    bounce_to(message_id, TEAM)
}

/// The same of a message to somebody else.
fn bounce_to(message_id: &str, address: &str) -> String {
    let made = std::fs::read_to_string(root().join("tests/data/bounces/unknown-user.eml")).unwrap();
    made.replace("<0199a000-0000-7000-8000-000000000001@quorate.example>", message_id).replace(TEAM, address)
}

fn missed(place: &Place) {
    let mut rows = conference("C-1");
    rows[2] = rows[2].clone().absent();
    place.import(EVENING, &rows);
    make_and_send(place);
}

/// The Message-ID of the message that went to an address.
fn id_of(place: &Place, address: &str) -> String {
    let mails = place.mail();
    let id =
        &mails.iter().find(|m| m.to == address).unwrap_or_else(|| panic!("{address}: {mails:?}")).message_id;
    format!("<{}>", id.trim_matches(['<', '>']))
}

fn read(place: &Place, moment: &str) -> String {
    let mut command = place.command(&["--at", moment, "run-task", "bounces"]);
    command.env("QUORATE__MAIL__BOUNCES__FOLDER", place.path("bounced"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

both! {
    async fn a_letter_that_came_back_goes_to_who_stands_in_flags_the_contact_and_tells_an_administrator(place: Place) {
        place.account_of("keeper", "administrator", "a long enough password 1");
        missed(&place);
        // The lead's letter and the team's come back, one after the other.
        place.write("bounced/1.eml", bounce_of(&id_of(&place, TEAM)));
        assert!(read(&place, AFTER).contains("1 messages came back, 0 reports of others"));
        assert!(!place.path("bounced/1.eml").exists() && !place.path("bounced/other").exists(), "it holds our letter's link");
        let told: Vec<_> = dispatch(&place, AFTER).into_iter().filter(|m| m.subject.contains("came back")).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].to.starts_with("keeper@") && told[0].text.contains("The mail server said 5.1.1"), "{}", told[0].text);
        assert!(!told[0].raw.contains(TEAM), "the address is masked");
        let outbox = place.outbox();
        assert!(outbox.iter().filter(|m| m["kind"] == "accepted_not_come").all(|m| m["state"] == "sent"), "{outbox:?}");
        // Now nobody is left.
        place.write("bounced/2.eml", bounce_to(&id_of(&place, "lead@oh.nhs.example"), "lead@oh.nhs.example"));
        assert!(read(&place, "2026-09-30T16:40:00Z").contains("1 messages came back"));
        let site = place.site("2026-09-30T16:41:00Z").await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let page = administrator.get("/feedback").await.body;
        assert!(page.contains("Telephoned<span class=\"govuk-visually-hidden\"> Health Visiting North"), "{page}");
        let directory = administrator.get("/directory?show=bounced").await.body;
        assert!(directory.contains("lead@oh.nhs.example"), "{directory}");
        let trail = Person::with_role(&place, &site, "auditor").await.get("/audit").await.body;
        assert_eq!(trail.matches(">message.came_back<").count(), 2, "{trail}");
    }

    async fn the_lead_of_the_agency_stands_in_for_the_services_own(place: Place) {
        use crate::harness::log::CONTACTS;
        let own = "OH,Health Visiting North,,Safeguarding lead,own-lead@oh.nhs.example,yes\n";
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        let folder = place.records(&rows);
        place.write("records/contacts.csv", format!("{CONTACTS}{own}"));
        place.done_at(EVENING, &["import", folder.to_str().unwrap(), "--feedback"]);
        make_and_send(&place);
        assert!(!place.mail().iter().any(|m| m.to == "lead@oh.nhs.example"));
        place.write("bounced/1.eml", bounce_to(&id_of(&place, "own-lead@oh.nhs.example"), "own-lead@oh.nhs.example"));
        read(&place, AFTER);
        let stands_in = dispatch(&place, AFTER);
        assert!(stands_in.iter().any(|m| m.to == "lead@oh.nhs.example" && m.subject.contains("we missed you")), "{stands_in:?}");
    }

    async fn an_invitation_that_came_back_was_not_delivered_and_that_is_our_fault(place: Place) {
        let mut administrator = office(&place, "2026-09-01T09:00:00Z").await;
        let at = booked(&mut administrator, &[]).await;
        let mails = dispatch(&place, "2026-09-01T09:01:00Z");
        let invited = mails.iter().find(|m| m.subject.contains("nvitation")).unwrap_or_else(|| panic!("{mails:?}"));
        place.write("bounced/1.eml", bounce_to(&format!("<{}>", invited.message_id.trim_matches(['<', '>'])), &invited.to));
        assert!(read(&place, "2026-09-01T09:10:00Z").contains("1 messages came back"));
        let page = administrator.get(&format!("{at}/invitations")).await.body;
        assert!(page.contains("came back"), "{page}");
        assert!(read(&place, "2026-09-01T09:12:00Z").contains("nothing"), "and is not read again");
    }

    async fn what_is_no_bounce_of_ours_changes_nothing_and_one_that_is_read_twice_nothing_twice(place: Place) {
        missed(&place);
        let ours = bounce_of(&id_of(&place, TEAM));
        place.write("bounced/a.eml", bounce_of("<0199a000-0000-7000-8000-00000000ffff@quorate.example>"));
        place.write("bounced/b.eml", ours.replace("Action: failed", "Action: delayed"));
        place.write("bounced/c.eml", "From: a@b.example\r\nSubject: Re: we missed you\r\n\r\nSorry!\r\n");
        place.write("bounced/d.eml", [0xff, 0x00, 0xfe]);
        place.write("bounced/.half.eml", &ours);
        // Whoever had it forwards their mail to an address that is dead: ours is not.
        place.write("bounced/z.eml", ours.replace(&format!("rfc822; {TEAM}"), "rfc822; gone@elsewhere.example").replace(&format!("rfc822;{TEAM}"), "rfc822;gone@elsewhere.example"));
        let said = read(&place, AFTER);
        assert!(said.contains("0 messages came back, 3 reports of others"), "{said}");
        for file in ["a", "b", "c", "d"] {
            assert!(place.path(&format!("bounced/other/{file}.eml")).exists(), "{file}");
        }
        assert!(place.path("bounced/.half.eml").exists(), "what is being written is left alone");
        place.write("bounced/e.eml", &ours);
        assert!(read(&place, "2026-09-30T16:32:00Z").contains("1 messages came back"));
        place.write("bounced/f.eml", &ours);
        assert!(read(&place, "2026-09-30T16:34:00Z").contains("0 messages came back, 1 reports"));
    }
}

/// A dovecot of this test's own, on loopback, with one mailbox and a certificate of its own authority.
struct Dovecot {
    child: std::process::Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Dovecot {
    /// `None` where none is installed, and `QUORATE_TEST_DOVECOT` does not require one.
    fn start() -> Option<Self> {
        // It stands where servers do, which is not on everybody's path.
        let found =
            Command::new("sh").args(["-c", "PATH=$PATH:/usr/sbin command -v dovecot"]).output().unwrap();
        let found = String::from_utf8(found.stdout).unwrap().trim().to_owned();
        let program = Some(found).filter(|found| !found.is_empty());
        let Some(program) = program else {
            assert!(std::env::var("QUORATE_TEST_DOVECOT").as_deref() != Ok("require"), "there is no dovecot");
            eprintln!("skipped: there is no dovecot");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display().to_string();
        let authority = rcgen::CertificateParams::new(vec![]).map(|mut p| {
            p.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            p
        });
        let authority_key = rcgen::KeyPair::generate().unwrap();
        let authority_certificate = authority.clone().unwrap().self_signed(&authority_key).unwrap();
        let issuer = rcgen::Issuer::new(authority.unwrap(), authority_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .signed_by(&key, &issuer)
            .unwrap();
        for (name, text) in [
            ("authority.pem", authority_certificate.pem()),
            ("cert.pem", leaf.pem()),
            ("key.pem", key.serialize_pem()),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let (user, uid) =
            (user.trim(), String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap());
        let uid = uid.trim();
        // Run by root, dovecot wants other names for those who know nothing and who look after a sign-in.
        let is_root = uid == "0";
        let (login, internal) = if is_root { ("dovenull", "dovecot") } else { (user, user) };
        // And it lets nobody at mail as root.
        let uid = if is_root { "65534" } else { uid };
        let configuration = format!(
            "base_dir = {at}/run\nlog_path = {at}/log\nprotocols = imap\nlisten = 127.0.0.1\nssl = required\n\
             ssl_cert = <{at}/cert.pem\nssl_key = <{at}/key.pem\ndefault_login_user = {login}\ndefault_internal_user = {internal}\n\
             first_valid_uid = 0\nmail_location = maildir:{at}/mail\nauth_mechanisms = plain login xoauth2\n\
             passdb {{\n driver = static\n args = password=letmein\n mechanisms = plain login\n}}\n\
             userdb {{\n driver = static\n args = uid={uid} gid={uid} home={at}/home\n}}\n\
             service imap-login {{\n inet_listener imap {{\n  port = 0\n }}\n inet_listener imaps {{\n  port = {port}\n  ssl = yes\n }}\n}}\n\
             service anvil {{\n chroot =\n}}\nservice imap-login {{\n chroot =\n}}\n"
        );
        std::fs::write(folder.path().join("dovecot.conf"), configuration).unwrap();
        for part in ["new", "cur", "tmp"] {
            std::fs::create_dir_all(folder.path().join("mail").join(part)).unwrap();
        }
        if is_root {
            let own = format!("chmod 755 {at} && mkdir -p {at}/home && chown -R 65534 {at}/mail {at}/home");
            assert!(Command::new("sh").args(["-c", &own]).status().unwrap().success());
        }
        let child = Command::new(program)
            .args(["-F", "-c", &format!("{at}/dovecot.conf")])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let dovecot = Self { child, folder, port };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(dovecot);
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("dovecot does not listen: {:?}", std::fs::read_to_string(dovecot.folder.path().join("log")));
    }

    fn deliver(&self, name: &str, message: &str) {
        std::fs::write(self.folder.path().join("mail/new").join(name), message).unwrap();
    }

    /// The flags of the messages: what their names end with, and dovecot's own words for others.
    fn names(&self) -> Vec<String> {
        let of = |part: &str| std::fs::read_dir(self.folder.path().join("mail").join(part)).unwrap();
        of("new").chain(of("cur")).map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    fn read(&self, place: &Place, moment: &str, password: &str) -> (bool, String) {
        let mut command = place.command(&["--at", moment, "run-task", "bounces"]);
        for (name, value) in [
            ("HOST", "localhost"),
            ("PORT", &self.port.to_string()),
            ("AUTHORITY_FILE", self.folder.path().join("authority.pem").to_str().unwrap()),
            ("USERNAME", "bounces"),
            ("PASSWORD", password),
        ] {
            command.env(format!("QUORATE__MAIL__BOUNCES__IMAP__{name}"), value);
        }
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

#[test]
fn a_mailbox_is_read_over_tls_what_is_ours_is_seen_and_the_rest_is_left_to_people() {
    let Some(dovecot) = Dovecot::start() else { return };
    let place = Place::sqlite();
    missed(&place);
    dovecot.deliver("1.bounce", &bounce_of(&id_of(&place, TEAM)));
    dovecot.deliver("2.person", "From: a@b.example\r\nSubject: Re: we missed you\r\n\r\nSorry!\r\n");
    let (refused, said) = dovecot.read(&place, AFTER, "wrong");
    assert!(!refused && said.contains("does not take our sign-in") && !said.contains("wrong"), "{said}");
    let (done, said) = dovecot.read(&place, "2026-09-30T16:32:00Z", "letmein");
    assert!(done && said.contains("1 messages came back"), "{said}");
    let names = dovecot.names();
    let flags = |begins: &str| {
        let name = names.iter().find(|n| n.starts_with(begins)).unwrap();
        name.split_once(":2,").map(|(_, flags)| flags.to_owned()).unwrap_or_default()
    };
    assert!(flags("1.").contains('S'), "{names:?}");
    assert!(!flags("2.").contains('S'), "a person has yet to see it: {names:?}");
    let (done, said) = dovecot.read(&place, "2026-09-30T16:34:00Z", "letmein");
    assert!(done && said.contains("nothing"), "{said}");
}
