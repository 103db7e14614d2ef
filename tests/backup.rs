//! The drill: records copied while they are used, read in elsewhere, and every figure compared.

use crate::both;
use crate::feedback::make_and_send;
use crate::harness::Place;
use crate::harness::log::{EVENING, LATER, Row, conference};
use crate::harness::{postgres, root};
use crate::post::states;

/// An empty place of the same kind of database.
fn elsewhere(place: &Place) -> Place {
    if place.url.starts_with("sqlite") { Place::sqlite() } else { Place::at(postgres::empty_database()) }
}

fn figures(place: &Place) -> Vec<serde_json::Value> {
    (1..=12).map(|month| place.report(&format!("2026-{month:02}"))).collect()
}

/// A command with the database's own programs at hand.
fn command(place: &Place, args: &[&str]) -> crate::harness::Ran {
    let mut command = place.command(args);
    if let Some(programs) = postgres::programs() {
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", programs.display()));
    }
    command.output().unwrap().into()
}

both! {
    async fn a_restored_backup_gives_every_figure_as_before(place: Place) {
        let sample = root().join("tests/data/oxfordshire-2026");
        place.done_at("2026-12-31T17:00:00Z", &["import", sample.to_str().unwrap(), "--feedback"]);
        place.done_at("2026-12-31T17:31:00Z", &["run-task", "feedback"]);
        // Somebody goes on using it while it is copied.
        let busy = {
            let mut command = place.command(&["--at", "2026-12-31T17:31:00Z", "run-task", "dispatch"]);
            command.stdout(std::process::Stdio::null()).spawn().unwrap()
        };
        let copy = place.path("copy");
        let made = command(&place, &["backup", copy.to_str().unwrap()]);
        assert_eq!(made.code, 0, "{}", made.err);
        assert!(made.out.contains("The keys are in it"), "{}", made.out);
        busy.wait_with_output().unwrap();

        let other = elsewhere(&place);
        let restored = command(&other, &["restore", copy.to_str().unwrap()]);
        assert_eq!(restored.code, 0, "{}{}", restored.out, restored.err);
        assert!(restored.out.contains("The post is held back"), "{}", restored.out);
        assert_eq!(figures(&other), figures(&place));
        assert_eq!(other.outbox().len(), place.outbox().len());
        let check = other.run(&["check"]);
        assert_eq!(check.code, 0, "{}", check.out);
        assert!(check.out.contains("the audit trail stands") && check.out.contains("the post is held back"));

        let waiting = |m: &&serde_json::Value| m["state"] == "waiting" || m["state"] == "sending";
        let doubted = other.outbox();
        assert!(doubted.iter().filter(waiting).all(|m| m["may_have_been_delivered"] == true));
        let said = other.done_at("2026-12-31T17:40:00Z", &["run-task", "dispatch"]);
        assert!(said.contains("the post is held back: restored from the backup of"), "{said}");
        other.done_at("2026-12-31T17:41:00Z", &["outbox", "release"]);
        other.done_at("2026-12-31T17:50:00Z", &["run-task", "dispatch"]);
        assert!(states(&other).iter().all(|s| s == "sent" || s == "cancelled"));
    }

    async fn a_restore_writes_over_nothing_and_takes_nothing_that_was_changed(place: Place) {
        let mut rows: Vec<Row> = conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import(EVENING, &rows);
        make_and_send(&place);
        let copy = place.path("copy");
        let copy = copy.to_str().unwrap();
        assert_eq!(command(&place, &["backup", copy, "--without-keys"]).code, 0);
        assert!(command(&place, &["backup", copy]).err.contains("is there already"));
        let nowhere = elsewhere(&place);
        assert!(command(&nowhere, &["backup", copy]).err.contains("there are no records in"));
        let same_place = command(&place, &["restore", copy]);
        assert!(same_place.code == 1 && (same_place.err.contains("there already") || same_place.err.contains("empty one")), "{}", same_place.err);

        let other = elsewhere(&place);
        let without_keys = command(&other, &["restore", copy]);
        assert!(without_keys.err.contains("holds no keys"), "{}", without_keys.err);
        std::fs::copy(place.path("keys"), other.path("keys")).unwrap();
        let restored = command(&other, &["restore", copy, "--resume"]);
        assert_eq!(restored.code, 0, "{}", restored.err);
        assert!(restored.out.contains("The post goes on"), "{}", restored.out);
        assert_eq!(other.outbox(), place.outbox(), "--resume doubts nothing");

        let database = std::fs::read_dir(copy).unwrap().map(|e| e.unwrap().path());
        let database = database.into_iter().find(|p| p.to_string_lossy().contains("database.")).unwrap();
        let mut bytes = std::fs::read(&database).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&database, bytes).unwrap();
        let third = elsewhere(&place);
        let changed = command(&third, &["restore", copy]);
        assert!(changed.err.contains("is not what was backed up"), "{}", changed.err);
        assert!(!third.path("quorate.db").exists());
    }
}

#[test]
fn a_backup_that_fails_leaves_nothing_half_made() {
    let Some(place) = Place::postgres() else { return };
    place.import(EVENING, &conference("C-1"));
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("copy");
    // Where PostgreSQL's own programs are not.
    let mut command = place.command(&["backup", copy.to_str().unwrap()]);
    let ran = crate::harness::Ran::from(command.env("PATH", "").output().unwrap());
    assert!(ran.code == 1 && ran.err.contains("pg_dump cannot be started"), "{}", ran.err);
    assert_eq!(std::fs::read_dir(copies.path()).unwrap().count(), 0);
}

#[test]
fn a_copy_without_its_own_keys_is_not_opened_with_others() {
    let place = Place::sqlite();
    place.import(EVENING, &conference("C-1"));
    let copy = place.path("copy");
    assert_eq!(command(&place, &["backup", copy.to_str().unwrap(), "--without-keys"]).code, 0);
    let other = Place::sqlite();
    // Keys of another place.
    let stranger = Place::sqlite();
    stranger.done_at(LATER, &["account", "list"]);
    std::fs::copy(stranger.path("keys"), other.path("keys")).unwrap();
    let ran = command(&other, &["restore", copy.to_str().unwrap()]);
    assert!(
        ran.code == 1 && ran.err.contains("are not those that this database was sealed with"),
        "{}",
        ran.err
    );
    let left: Vec<_> = std::fs::read_dir(other.path("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["keys"], "nothing that could be served, and would send");
}
