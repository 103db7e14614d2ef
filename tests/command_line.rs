//! The command line, as a newcomer and a script use it.

use crate::both;
use crate::harness::Place;
use crate::harness::log::{EVENING, conference};

#[test]
fn help_teaches_and_wrong_use_is_two() {
    let place = Place::sqlite();
    let help = place.run(&["--help"]);
    assert_eq!(help.code, 0);
    for word in
        ["serve", "migrate", "check", "import", "run-task", "outbox", "report", "account", "Examples:"]
    {
        assert!(help.out.contains(word), "{word}");
    }
    for args in [
        &["sing"][..],
        &["report"],
        &["report", "--month", "September"],
        &["run-task", "tea"],
        &["--at", "noon", "check"],
    ] {
        assert_eq!(place.run(args).code, 2, "{args:?}");
    }
    assert_eq!(place.run(&["--at", EVENING, "serve"]).code, 2);
}

#[test]
fn the_clock_cannot_be_set_where_letters_would_leave_the_machine() {
    let place = Place::sqlite();
    let with = |host: &str| {
        let mut command = place.command(&["--at", EVENING, "check"]);
        let output = command
            .env("QUORATE__MAIL__TRANSPORT", "smtp")
            .env("QUORATE__MAIL__SMTP__HOST", host)
            .output()
            .unwrap();
        output.status.code().unwrap()
    };
    assert_eq!(with("mail.council.example"), 2);
    assert_eq!(with("127.0.0.1"), 0);
    assert_eq!(with("localhost"), 0);
}

#[test]
fn an_unknown_setting_is_an_error_that_names_it_and_where_it_stands() {
    let place = Place::sqlite();
    let output = place.command(&["check"]).env("QUORATE__FEEDBACK__HOLD_MINUTE", "5").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("hold_minute") && error.contains("the environment"), "{error}");
    let file = place.write("mine.toml", "[feedback]\nwindow = \"18:00-08:00\"\n");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quorate"));
    let output = command
        .args(["--config", file.to_str().unwrap(), "check"])
        .current_dir(place.path(""))
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("feedback.window") && error.contains("08:00-18:00"), "{error}");
}

#[test]
fn check_shows_each_setting_with_its_source_and_no_secret() {
    let place = Place::sqlite();
    let mut command = place.command(&["check"]);
    let output = command
        .env("QUORATE__MAIL__SMTP__PASSWORD", "canary")
        .env("QUORATE__FEEDBACK__TELEPHONE", "01865000000")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("feedback.telephone = 01865000000  [the environment"),
        "a leading nought stays\n{said}"
    );
    assert!(said.contains("mail.smtp.password = ***"), "{said}");
    assert!(!said.contains("canary"), "{said}");
    assert!(said.contains("feedback.hold_minutes = 30  [the default]"), "{said}");
    assert!(said.contains("rehearsal.toml]"), "{said}");
    for line in ["letters rendered", "page templates compiled", "feedback:", "dispatch:", "(London time)"] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}

#[test]
fn a_password_in_the_databases_address_is_never_shown() {
    let place = Place::sqlite();
    let mut command = place.command(&["check"]);
    let output =
        command.env("QUORATE__DATABASE__URL", "postgres://quorate:canary@127.0.0.1:1/none").output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("postgres://quorate:***@127.0.0.1"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

both! {
    async fn lost_or_strange_keys_are_not_replaced(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let keys = std::fs::read(place.path("keys")).unwrap();
        std::fs::remove_file(place.path("keys")).unwrap();
        let ran = place.run(&["report", "--month", "2026-09"]);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains("restore it from the backup"), "{}", ran.err);
        std::fs::write(place.path("keys"), "0".repeat(128)).unwrap();
        assert!(place.run(&["report", "--month", "2026-09"]).err.contains("not those that this database was sealed with"));
        std::fs::write(place.path("keys"), keys).unwrap();
        assert_eq!(place.run(&["report", "--month", "2026-09"]).code, 0);
    }

    async fn accounts_are_added_listed_and_refused_with_the_remedy(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let added = place.run(&["account", "add", "Sam@Council.example", "--name", "Sam", "--role", "chair", "--chair", "chair 1"]);
        assert!(added.out.contains("sam@council.example") || added.out.contains("Sam@Council.example"), "{}", added.out);
        assert!(added.out.contains("the password is chosen at http://127.0.0.1:8080/welcome/"), "{}{}", added.out, added.err);
        assert!(place.run(&["account", "list"]).out.contains("sam@council.example"), "listed");
        let again = place.run(&["account", "add", "sam@council.example", "--name", "Sam", "--role", "qa_manager"]);
        assert!(again.err.contains("give it a new link instead"), "{}", again.err);
        let nobody = place.run(&["account", "add", "kim@council.example", "--name", "Kim", "--role", "chair"]);
        assert!(nobody.err.contains("name the chair (known: Chair 1)"), "{}", nobody.err);
        let wrong = place.run(&["account", "add", "kim@council.example", "--name", "Kim", "--role", "chair", "--chair", "Chiar 1"]);
        assert!(wrong.err.contains("did you mean \"Chair 1\""), "{}", wrong.err);
    }
}
