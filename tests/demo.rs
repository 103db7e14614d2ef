//! The demonstration, at a fraction of its size.

use crate::harness::{Place, Ran};
use crate::processes::until;

fn demo(place: &Place, args: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quorate"));
    let folder = place.path("demo");
    command.args(["demo", "--folder", folder.to_str().unwrap(), "--children-on-plan", "30"]).args(args);
    command.current_dir(place.path(""));
    command
}

fn fill(place: &Place, args: &[&str]) -> Ran {
    Ran::from(demo(place, &[&["--only-fill"], args].concat()).output().unwrap())
}

/// A process that ends with the test, whatever comes of it.
struct Ends(std::process::Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_demonstration_is_a_year_of_records_that_ends_today_with_something_to_do() {
    let place = Place::sqlite();
    let ran = fill(&place, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let sign_ins = std::fs::read_to_string(place.path("demo/sign-ins.txt")).unwrap();
    let password =
        regex::Regex::new("the password (\\S+) as").unwrap().captures(&sign_ins).unwrap()[1].to_owned();
    for role in ["administrator", "chair", "qa-manager", "paqa-member", "system-administrator", "auditor"] {
        assert!(sign_ins.contains(&format!("  {role}@demo.example ")), "{sign_ins}");
    }
    assert!(std::fs::read_dir(place.path("demo/mail")).unwrap().count() > 50, "a year of letters");

    let child = demo(&place, &["--listen", "127.0.0.1:0"]).stdout(std::process::Stdio::piped()).spawn();
    let mut child = Ends(child.unwrap());
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.0.stdout.take().unwrap()));
    let address = lines.find_map(|l| l.unwrap().rsplit_once("http://").map(|(_, a)| a.to_owned())).unwrap();
    let again = loop {
        let line = lines.next().unwrap().unwrap();
        if let Some(found) = line.split("the password ").nth(1) {
            break found.split(' ').next().unwrap().to_owned();
        }
    };
    assert_eq!(again, password, "a later start goes on with the same records");
    let (_, mail) = crate::operations::get(&address, "/demo/mail");
    assert!(mail.contains("Demonstration: every record"), "the banner is on every page: {mail}");
    let letter =
        regex::Regex::new("/demo/mail/[0-9a-f-]{36}").unwrap().find(&mail).unwrap().as_str().to_owned();
    assert!(crate::operations::get(&address, &letter).1.contains("Larkshire"));
    assert_eq!(crate::operations::get(&address, "/demo/mail/..%2fsign-ins.txt").0, 404);
    until("ready", || crate::operations::get(&address, "/health/ready").0 == 200);
    let second = fill(&place, &["--fresh"]);
    assert!(
        second.code == 1 && second.err.contains("another process has the demonstration"),
        "{}",
        second.err
    );
    let cookie = crate::operations::sign_in(&address, "chair@demo.example", &password);
    let today = crate::operations::get_as(&address, "/", &cookie).1;
    assert!(today.contains("Demonstration:") && today.contains("Rowan Ashby"), "{today}");
    assert!(today.matches("/conferences/").count() >= 2, "conferences today: {today}");
}

#[test]
fn the_demonstration_throws_away_only_what_is_its_own() {
    let place = Place::sqlite();
    place.write("demo/thesis.txt", "years of work");
    let ran = fill(&place, &["--fresh"]);
    assert!(ran.code == 1 && ran.err.contains("holds something else"), "{}{}", ran.out, ran.err);
    assert!(place.path("demo/thesis.txt").exists());
    let ran = fill(&place, &["--listen", "0.0.0.0:0"]);
    assert!(ran.err.contains("for this machine only"), "{}", ran.err);
}

#[test]
fn a_demonstration_that_was_cut_short_begins_anew() {
    let place = Place::sqlite();
    let mut child = demo(&place, &["--only-fill"]).stdout(std::process::Stdio::null()).spawn().unwrap();
    until("under way", || place.path("demo/mail").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = fill(&place, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("was not finished; it begins anew"), "{}", ran.out);
}
