//! The order of the rooms, held as one list.

use std::path::{Path, PathBuf};

use crate::harness::root;

/// Lowest first. A room imports only rooms that stand before it.
const ROOMS: &[&str] = &[
    "platform",
    "mail",
    "outbox",
    "schedule",
    "web",
    "calendar",
    "audit",
    "conferences",
    "access",
    "restriction",
    "agencies",
    "invitations",
    "register",
    "convening",
    "feedback",
    "replies",
    "ladder",
    "bounces",
    "reports",
    "imports",
    "operations",
    "oversight",
    "retention",
    "subject",
    "demo",
    "app",
];

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_room_imports_only_rooms_that_stand_before_it() {
    let word = regex::Regex::new(r"crate::\{?\s*([a-z_]+)|\bcrate::([a-z_]+)").unwrap();
    for file in files(&root().join("src")) {
        let inside = file.strip_prefix(root().join("src")).unwrap();
        let Some(room) = inside.components().next().map(|c| c.as_os_str().to_string_lossy().into_owned())
        else {
            continue;
        };
        let Some(own) = ROOMS.iter().position(|r| *r == room) else { continue };
        let text = std::fs::read_to_string(&file).unwrap();
        for found in word.captures_iter(&text) {
            let other = found.get(1).or(found.get(2)).unwrap().as_str();
            let Some(place) = ROOMS.iter().position(|r| *r == other) else { continue };
            assert!(
                place <= own,
                "{} imports `{other}`, which stands above `{room}`: a lower room never calls up. \
                 Let the higher room look for the fact instead (docs/architecture.md).",
                inside.display()
            );
            // Two programs that agree are worth more than one: what checks shares no rule with what it checks.
            let checked = ["invitations", "register", "feedback", "replies", "ladder", "reports"];
            assert!(
                room != "oversight" || !checked.contains(&other),
                "{} imports `{other}`: oversight trusts nobody, and works everything out by itself.",
                inside.display()
            );
            let apart = ["reports", "imports", "operations"];
            assert!(
                room == other || !(apart.contains(&room.as_str()) && apart.contains(&other)),
                "{} imports `{other}`: reports, imports and operations do not know each other.",
                inside.display()
            );
        }
    }
}

#[test]
fn every_room_is_in_the_list() {
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(ROOMS.contains(&name.as_str()), "{name} is a room without a place in the order");
        }
    }
}

#[test]
fn renderers_of_the_report_see_the_finished_paper_and_nothing_behind_it() {
    for name in [
        "csv.rs",
        "xlsx.rs",
        "form.rs",
        "pages/printed.rs",
        "pages/mod.rs",
        "pages/month.rs",
        "pages/public.rs",
    ] {
        let text = std::fs::read_to_string(root().join("src/reports").join(name)).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for behind in ["::store", "::measures", "entity::"] {
            assert!(
                !text.contains(behind),
                "src/reports/{name} reads {behind}: suppression could be bypassed"
            );
        }
    }
}

#[test]
fn a_file_that_passes_four_hundred_lines_is_two_files() {
    for file in files(&root().join("src")) {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines", file.display());
    }
}

#[test]
fn templates_escape_everything_they_print() {
    fn hbs(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                hbs(&path, found);
            } else if path.extension().is_some_and(|e| e == "hbs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    hbs(&root().join("src"), &mut found);
    hbs(&root().join("email-templates"), &mut found);
    for file in found {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("{{{") && !text.contains("{{&"), "{} prints raw", file.display());
    }
}
